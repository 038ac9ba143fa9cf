-- +goose Up
-- What happens to tasks, for whoever follows it. Rows are kept for some days.
create table task_change (
  id {{identity}},
  xid {{xid}},
  task text not null,
  kind text not null,
  state text not null,
  hold text not null,
  at bigint not null
);
create index task_change_order on task_change (xid, id) where xid > 0;

alter table event add column xid {{xid}};
create index event_order on event (xid, id) where xid > 0;

-- Logs of ended tasks that have moved into blobs.
create table task_archive (
  task text primary key,
  name text not null,         -- of the blob
  lines bigint not null,      -- 0 until the blob has them all, -1 when it is to be removed
  size bigint not null,       -- of the blob
  since bigint not null       -- when somebody last began to fill it
);
create index task_archive_gone on task_archive (since) where lines = -1;
