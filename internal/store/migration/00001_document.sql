-- +goose Up
create table sequence (name text primary key, value bigint not null);

create table document (
  id text primary key,
  kind text not null,
  space text not null,
  owner text not null,        -- the document within which the name is unique, or ''
  name text not null,
  name_key text not null,     -- lower-case name, or '' for documents without one
  slug text not null,
  version bigint not null,
  shape text not null,        -- which form of the type wrote data
  created bigint not null,    -- Unix milliseconds
  modified bigint not null,
  data {{json}} not null
);
create unique index document_name on document (kind, space, owner, name_key) where name_key <> '';
create unique index document_slug on document (kind, space, owner, slug) where slug <> '';
create index document_order on document (kind, space, name_key, id);

create table release (
  id text primary key, kind text not null, space text not null, owner text not null,
  name text not null, name_key text not null, slug text not null, version bigint not null,
  shape text not null, created bigint not null, modified bigint not null, data {{json}} not null
);
create index release_space on release (space, created);
create unique index release_name on release (kind, space, owner, name_key) where name_key <> '';
create index release_order on release (owner, created);

create table deployment (
  id text primary key, kind text not null, space text not null, owner text not null,
  name text not null, name_key text not null, slug text not null, version bigint not null,
  shape text not null, created bigint not null, modified bigint not null, data {{json}} not null
);
create index deployment_owner on deployment (owner, created);
create index deployment_order on deployment (space, created);

create table reference (
  source text not null,
  source_kind text not null,
  field text not null,
  target text not null,
  primary key (source, field, target)
);
create index reference_target on reference (target, source_kind);

create table event (
  id {{identity}},
  space text not null,
  category text not null,
  document text not null,
  user_id text not null,
  username text not null,
  occurred bigint not null,
  data {{json}} not null
);
create index event_space on event (space, id);
create index event_document on event (document, id);
create index event_user on event (user_id, id);
create index event_category on event (category, id);

create table event_related (
  document text not null,
  event bigint not null,
  primary key (document, event)
);

create table setting (name text primary key, value text not null);
