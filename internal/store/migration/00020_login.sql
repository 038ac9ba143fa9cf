-- +goose Up
-- Times are Unix milliseconds, 0 for none. Hashes are one-way.
create table password (
  user_id text primary key,
  hash text not null,
  changed bigint not null
);

create table api_key (
  id text primary key,
  hash text not null,
  user_id text not null,
  purpose text not null,
  hint text not null,         -- the first few characters, for people
  created bigint not null,
  expires bigint not null,
  noticed bigint not null     -- how many days before expiry the last notice was given; -1 for expired, 9999 for none
);
create unique index api_key_hash on api_key (hash);
create index api_key_by_user on api_key (user_id, created);
create index api_key_by_expiry on api_key (expires) where expires > 0;

create table session (
  hash text primary key,
  id text not null,
  kind text not null,         -- Browser or Token
  user_id text not null,
  how text not null,          -- how the identity was established, for the audit
  created bigint not null,
  expires bigint not null,
  seen bigint not null,
  idle bigint not null,       -- ends after so long without a request, 0 for never
  ip text not null,
  user_agent text not null
);
create index session_by_user on session (user_id);
create index session_by_expiry on session (expires);
