-- +goose Up
-- Where a release has been, and whether it succeeded there, is asked at every
-- deployment of it: these columns answer it however many there were.
create index deployment_reached on deployment ((data ->> 'ReleaseId'), (data ->> 'EnvironmentId'), (coalesce(data ->> 'TenantId', '')), (data ->> 'TaskId'))
  where kind = 'Deployments';
