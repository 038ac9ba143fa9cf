-- +goose Up
-- A claim finds all that it compares of the waiting tasks in the queue's own
-- index, and looks into the rows of those alone that it takes.
drop index task_queue;
create index task_queue on task (place_rank, place, num, queue_time, state, space, project, tag, tag_held, light, id, hold) where hold = 'Waiting';
