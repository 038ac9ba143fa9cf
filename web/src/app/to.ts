// The addresses of our screens (below #), so that nobody spells them by hand.
const e = encodeURIComponent;

const project = (space: string, slug: string) => `/${space}/projects/${e(slug)}`;
const runbooks = (space: string, slug: string) => `${project(space, slug)}/operations/runbooks`;
const runbook = (space: string, slug: string, name: string) => `${runbooks(space, slug)}/${e(name)}`;
const snapshots = (space: string, slug: string, name: string) => `${runbook(space, slug, name)}/snapshots`;
const releases = (space: string, slug: string) => `${project(space, slug)}/deployments/releases`;
const release = (space: string, slug: string, version: string) => `${releases(space, slug)}/${e(version)}`;

export const to = {
  dashboard: (space: string) => `/${space}`,
  start: (space: string) => `/${space}/start`,
  projects: (space: string) => `/${space}/projects`,
  project: (space: string, slug: string) => `${project(space, slug)}/deployments`,
  timeline: (space: string, slug: string, environment: string) =>
    `${project(space, slug)}/deployments/environments/${e(environment)}`,
  process: (space: string, slug: string) => `${project(space, slug)}/deployments/process`,
  variables: (space: string, slug: string) => `${project(space, slug)}/variables`,
  releases,
  newRelease: (space: string, slug: string) => `${releases(space, slug)}/create`,
  release,
  compare: (space: string, slug: string, version: string, other: string) =>
    `${release(space, slug, version)}/compare${other && `/${e(other)}`}`,
  deploy: (space: string, slug: string, version: string) => `${release(space, slug, version)}/deployments/create`,
  deployment: (space: string, slug: string, version: string, id: string) =>
    `${release(space, slug, version)}/deployments/${e(id)}`,
  channels: (space: string, slug: string) => `${project(space, slug)}/deployments/channels`,
  projectSettings: (space: string, slug: string) => `${project(space, slug)}/settings`,
  projectTasks: (space: string, slug: string) => `${project(space, slug)}/tasks`,
  tasks: (space: string) => `/${space}/tasks`,
  console: (space: string) => `/${space}/tasks/console`,
  task: (space: string, id: string) => `/${space}/tasks/${e(id)}`,
  infrastructure: (space: string) => `/${space}/infrastructure`,
  machine: (space: string, id: string) => `/${space}/infrastructure/machines/${e(id)}/settings`,
  packages: (space: string) => `/${space}/library/builtinrepository`,
  package: (space: string, id: string) => `/${space}/library/builtinrepository/${e(id)}`,
  audit: (space: string) => `/${space}/audit`,
  ephemeral: (space: string, slug: string) => `${project(space, slug)}/ephemeral-environments`,
  projectTemplates: (space: string, slug: string) => `${project(space, slug)}/variables/templates`,
  variableSets: (space: string) => `/${space}/library/variables`,
  variableSet: (space: string, id: string) => `/${space}/library/variables/${e(id)}`,
  variableSetSettings: (space: string, id: string) => `/${space}/library/variables/${e(id)}/settings`,
  channel: (space: string, slug: string, id: string) => `${project(space, slug)}/deployments/channels/edit/${e(id)}`,
  newChannel: (space: string, slug: string) => `${project(space, slug)}/deployments/channels/create`,
  triggers: (space: string, slug: string) => `${project(space, slug)}/deployments/triggers`,
  trigger: (space: string, slug: string, id: string) => `${project(space, slug)}/deployments/triggers/${e(id)}`,
  builds: (space: string) => `/${space}/library/buildinformation`,
  build: (space: string, id: string) => `/${space}/library/buildinformation/${e(id)}`,
  tenants: (space: string) => `/${space}/tenants`,
  tenant: (space: string, id: string) => `/${space}/tenants/${e(id)}/overview`,
  tenantVariables: (space: string, id: string) => `/${space}/tenants/${e(id)}/variables`,
  tenantSettings: (space: string, id: string) => `/${space}/tenants/${e(id)}/settings`,
  tagSets: (space: string) => `/${space}/library/tagsets`,
  tagSet: (space: string, id: string) => `/${space}/library/tagsets/${e(id)}`,
  runbooks,
  runbook: (space: string, slug: string, name: string) => `${runbook(space, slug, name)}/overview`,
  runbookProcess: (space: string, slug: string, name: string) => `${runbook(space, slug, name)}/process`,
  runbookSettings: (space: string, slug: string, name: string) => `${runbook(space, slug, name)}/settings`,
  runRunbook: (space: string, slug: string, name: string) => `${runbook(space, slug, name)}/run`,
  snapshots,
  newSnapshot: (space: string, slug: string, name: string) => `${snapshots(space, slug, name)}/create`,
  snapshot: (space: string, slug: string, name: string, id: string) => `${snapshots(space, slug, name)}/${e(id)}`,
  lifecycles: (space: string) => `/${space}/library/lifecycles`,
  lifecycle: (space: string, id: string) => `/${space}/library/lifecycles/${e(id)}`,
  feeds: (space: string) => `/${space}/library/feeds`,
  feed: (space: string, id: string) => `/${space}/library/feeds/${e(id)}`,
  certificates: (space: string) => `/${space}/library/certificates`,
  certificate: (space: string, id: string) => `/${space}/library/certificates/${e(id)}`,
  scriptModules: (space: string) => `/${space}/library/scripts`,
  scriptModule: (space: string, id: string) => `/${space}/library/scripts/${e(id)}`,
  gitCredentials: (space: string) => `/${space}/library/gitcredentials`,
  gitCredential: (space: string, id: string) => `/${space}/library/gitcredentials/${e(id)}`,
  stepTemplates: (space: string) => `/${space}/library/steptemplates`,
  communityTemplates: (space: string) => `/${space}/library/steptemplates/community`,
  stepTemplate: (space: string, id: string) => `/${space}/library/steptemplates/${e(id)}`,
};
