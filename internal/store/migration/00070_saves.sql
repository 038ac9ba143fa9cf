-- +goose Up
-- How often the holder of a task has stored something. After a commit whose
-- answer was lost the number tells whether it took place.
alter table task add column saves bigint not null default 0;
