-- +goose Up
-- What deployments and releases are found by has one index each, in the order of
-- time, which is made with its kind: four of them were in two.
drop index deployment_of_release;
drop index deployment_of_project;
drop index deployment_of_environment;
drop index deployment_of_tenant;
drop index if exists deployment_deployments_releaseid;
drop index if exists deployment_deployments_projectid;
drop index if exists deployment_deployments_channelid;
drop index if exists deployment_deployments_environmentid;
drop index if exists deployment_deployments_tenantid;
drop index if exists deployment_deployments_taskid;
drop index if exists deployment_runbookruns_runbooksnapshotid;
drop index if exists deployment_runbookruns_runbookid;
drop index if exists deployment_runbookruns_projectid;
drop index if exists deployment_runbookruns_environmentid;
drop index if exists deployment_runbookruns_tenantid;
drop index if exists deployment_runbookruns_taskid;
drop index if exists release_releases_projectid;
drop index if exists release_releases_channelid;
