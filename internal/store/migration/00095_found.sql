-- +goose Up
-- What a deployment looks for at its end is found in an index of its own: its
-- questions, and older ones of the project that are put down. So is the number
-- of tasks in each state, which every list of tasks tells. An event is in one
-- index for its category instead of two.
create index document_interruption on document (kind, space, (data ->> 'TaskId')) where kind = 'Interruptions';
create index task_put_down on task (project) where hold = 'Paused';
drop index task_state;
create index task_state on task (state, num, space);
drop index event_category;
drop index event_counted;
create index event_category on event (category, id, space);
