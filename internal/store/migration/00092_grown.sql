-- +goose Up
-- What is counted and paged through after years is found in an index, without
-- its rows, which are many and wide.
create index deployment_of_release on deployment ((data ->> 'ReleaseId'), created, id) where kind = 'Deployments';
create index deployment_of_project on deployment ((data ->> 'ProjectId'), created, id) where kind = 'Deployments';
create index deployment_of_environment on deployment ((data ->> 'EnvironmentId'), created, id) where kind = 'Deployments';
create index deployment_of_tenant on deployment ((data ->> 'TenantId'), created, id) where kind = 'Deployments';
create index event_counted on event (category, space, id);
create index task_environment on task (environment, num) where environment <> '';
create index task_tenant on task (tenant, num) where tenant <> '';
