-- +goose Up
-- What was deployed last to each environment of a project, for each tenant and
-- for none (''). The state of a deployment is its task's.
create table standing (
  project text not null,
  environment text not null,
  tenant text not null,
  space text not null,
  deployment text not null,
  release text not null,
  task text not null,
  primary key (project, environment, tenant)
);
create index standing_space on standing (space);
create index standing_release on standing (release);
