-- +goose Up
-- How many rows there are of what grows with history, so that a page of them
-- need not count them all. The database keeps it, whoever writes.
create table tally (
  source text not null,       -- the table that is counted
  space text not null,
  part text not null,         -- an event's category, a document's kind, a task's state
  name text not null,         -- a task's name, else ''
  n bigint not null,
  primary key (source, space, part, name)
) without rowid;
insert into tally select 'event', space, category, '', count(*) from event group by space, category;
insert into tally select 'release', space, kind, '', count(*) from release group by space, kind;
insert into tally select 'deployment', space, kind, '', count(*) from deployment group by space, kind;
insert into tally select 'task', space, state, name, count(*) from task group by space, state, name;

-- +goose StatementBegin
create trigger event_added after insert on event begin
  insert into tally values ('event', new.space, new.category, '', 1) on conflict do update set n = n + 1;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger event_removed after delete on event begin
  update tally set n = n - 1 where source = 'event' and space = old.space and part = old.category and name = '';
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger release_added after insert on release begin
  insert into tally values ('release', new.space, new.kind, '', 1) on conflict do update set n = n + 1;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger release_removed after delete on release begin
  update tally set n = n - 1 where source = 'release' and space = old.space and part = old.kind and name = '';
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger deployment_added after insert on deployment begin
  insert into tally values ('deployment', new.space, new.kind, '', 1) on conflict do update set n = n + 1;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger deployment_removed after delete on deployment begin
  update tally set n = n - 1 where source = 'deployment' and space = old.space and part = old.kind and name = '';
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger task_added after insert on task begin
  insert into tally values ('task', new.space, new.state, new.name, 1) on conflict do update set n = n + 1;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger task_removed after delete on task begin
  update tally set n = n - 1 where source = 'task' and space = old.space and part = old.state and name = old.name;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger task_moved after update of state, space, name on task
when new.state <> old.state or new.space <> old.space or new.name <> old.name begin
  update tally set n = n - 1 where source = 'task' and space = old.space and part = old.state and name = old.name;
  insert into tally values ('task', new.space, new.state, new.name, 1) on conflict do update set n = n + 1;
end;
-- +goose StatementEnd
