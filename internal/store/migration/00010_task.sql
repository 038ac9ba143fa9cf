-- +goose Up
-- Times are Unix milliseconds, 0 for none.
create table task (
  id text primary key,
  num bigint not null,
  name text not null,
  description text not null,
  space text not null,
  project text not null,
  environment text not null,
  tenant text not null,
  runbook text not null,
  arguments {{json}} not null,
  created_by text not null,
  light bigint not null,
  tag text not null,
  queue_time bigint not null,
  parent text not null,
  parent_key text not null,
  state text not null,
  hold text not null,
  class bigint not null,
  place_rank bigint not null,
  place bigint not null,
  tag_held text,              -- the tag while the task has it
  expiry bigint not null,
  started bigint not null,
  updated bigint not null,
  completed bigint not null,
  wake_at bigint not null,
  node text not null,
  epoch bigint not null,
  lease bigint not null,
  error text not null,
  warnings bigint not null,
  pending text not null,
  why text not null,
  log_lines bigint not null,
  log_bytes bigint not null
);
-- The database, not the code, makes two holders of a tag impossible.
create unique index task_tag_held on task (tag_held) where tag_held is not null;
create unique index task_parent on task (parent, parent_key) where parent <> '';
create index task_queue on task (place_rank, place, num) where hold = 'Waiting';
create index task_held on task (node) where hold = 'Held';
create index task_paused on task (wake_at) where hold = 'Paused';
create index task_expiry on task (expiry) where hold = 'Waiting' and expiry > 0;
create index task_space on task (space, num);
create index task_project on task (project, environment, num) where project <> '';
create index task_name on task (name, num);
create index task_state on task (state, num);

-- What a task is going to do, as a value of its handler, and the outline of
-- its steps for people.
create table task_plan (
  task text primary key,
  plan {{json}} not null,
  outline {{json}} not null
);

create table task_step (
  task text not null,
  path text not null,
  target text not null,
  attempt bigint not null,
  state text not null,
  line_cursor bigint not null,
  started bigint not null,
  ended bigint not null,
  data {{json}} not null,
  primary key (task, path, target, attempt)
);

create table task_event (
  task text not null,
  seq bigint not null,
  kind text not null,
  path text not null,
  target text not null,
  attempt bigint not null,
  ref text not null,
  at bigint not null,
  by_user text not null,
  text text not null,
  data text not null,
  primary key (task, seq)
);

create table task_log (
  task text not null,
  first_line bigint not null,
  last_line bigint not null,
  path text not null,
  target text not null,
  size bigint not null,       -- of the text
  bytes {{bytes}} not null,
  primary key (task, first_line)
);

create table task_node (
  name text primary key,
  cap bigint not null,
  draining bigint not null,
  seen bigint not null,
  since bigint not null
);

-- One row that every claim writes, so that claims come one after the other on
-- an engine with several writers.
create table task_gate (id bigint primary key, claims bigint not null);
insert into task_gate (id, claims) values (1, 0);

-- Spaces whose queue is stopped; '' stops all.
create table task_stopped (space text primary key);
