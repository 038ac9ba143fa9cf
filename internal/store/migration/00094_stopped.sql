-- +goose Up
-- Saving a space stops and starts its task queue from now on. What spaces say
-- already, and nothing has heeded, comes into force.
insert into task_stopped (space)
	select id from document where kind = 'Spaces' and cast(data ->> 'TaskQueueStopped' as text) in ('true', '1')
	on conflict (space) do nothing;
