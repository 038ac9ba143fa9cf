-- +goose Up
-- A page of deployments says how many there are: 100,000 rows are wide, and are
-- counted in an index. So is the last deployment to a place that succeeded found
-- in one, instead of looking through all tasks that did.
create index deployment_of_space on deployment (space, kind, created);
create index task_succeeded on task (project, environment, tenant, num) where name = 'Deploy' and state = 'Success';
