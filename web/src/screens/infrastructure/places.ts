// The addresses of this area.
const e = encodeURIComponent;
const root = (space: string) => `/${space}/infrastructure`;

export const places = {
  overview: (space: string) => `${root(space)}/overview`,
  targets: (space: string) => `${root(space)}/machines`,
  newTarget: (space: string) => `${root(space)}/machines/new`,
  target: (space: string, id: string) => `${root(space)}/machines/${e(id)}/settings`,
  environments: (space: string) => `${root(space)}/environments`,
  environment: (space: string, id: string) => `${root(space)}/environments/${e(id)}`,
  parents: (space: string) => `${root(space)}/parentenvironments`,
  parent: (space: string, id: string) => `${root(space)}/parentenvironments/${e(id)}`,
  workers: (space: string) => `${root(space)}/workers`,
  newWorker: (space: string) => `${root(space)}/workers/new`,
  worker: (space: string, id: string) => `${root(space)}/workers/${e(id)}/settings`,
  pools: (space: string) => `${root(space)}/workerpools`,
  accounts: (space: string) => `${root(space)}/accounts`,
  policies: (space: string) => `${root(space)}/machinepolicies`,
  policy: (space: string, id: string) => `${root(space)}/machinepolicies/${e(id)}`,
  proxies: (space: string) => `${root(space)}/proxies`,
  proxy: (space: string, id: string) => `${root(space)}/proxies/${e(id)}`,
  account: (space: string, id: string) => `${root(space)}/accounts/${e(id)}`,
};
