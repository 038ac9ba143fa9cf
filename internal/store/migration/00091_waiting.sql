-- +goose Up
-- Which projects have tasks in the queue, however many each of them has.
create index task_waiting on task (project) where hold = 'Waiting';
