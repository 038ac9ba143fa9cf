-- +goose Up
-- What is found by a member is counted in the index, which knows the space too.
-- Those of deployments and releases are made anew with their kinds.
drop index if exists deployment_deployments_releaseid_listed;
drop index if exists deployment_deployments_projectid_listed;
drop index if exists deployment_deployments_channelid_listed;
drop index if exists deployment_deployments_environmentid_listed;
drop index if exists deployment_deployments_tenantid_listed;
drop index if exists deployment_deployments_taskid_listed;
drop index if exists deployment_runbookruns_runbooksnapshotid_listed;
drop index if exists deployment_runbookruns_runbookid_listed;
drop index if exists deployment_runbookruns_projectid_listed;
drop index if exists deployment_runbookruns_environmentid_listed;
drop index if exists deployment_runbookruns_tenantid_listed;
drop index if exists deployment_runbookruns_taskid_listed;
drop index if exists release_releases_projectid_listed;
drop index if exists release_releases_channelid_listed;
drop index task_project;
drop index task_environment;
drop index task_tenant;
create index task_project on task (project, environment, num, space) where project <> '';
create index task_environment on task (environment, num, space) where environment <> '';
create index task_tenant on task (tenant, num, space) where tenant <> '';
