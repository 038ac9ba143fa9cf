// How far a space is set up, read from what is in it.
import { useGet } from "~/api/query";
import type { Environment, Project, Release } from "~/api/wire";

export type Setup = {
  environments: Environment[];
  // worker says that the server's own worker runs steps.
  worker: boolean;
  targets: number;
  tags: string[];
  project: Project | undefined;
  release: Release | undefined;
  deployed: boolean;
};

type Page<T> = { Items: T[]; TotalResults: number };

// newest is the one that was made last: ids count up.
const numberOf = ({ Id }: { Id: string }) => Number(Id.slice(Id.lastIndexOf("-") + 1)) || 0;
export const newest = <T extends { Id: string }>(list: T[] | null | undefined): T | undefined =>
  [...(list ?? [])].sort((a, b) => numberOf(b) - numberOf(a))[0];

// useSetup is undefined until all is known.
export function useSetup(): Setup | undefined {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const machines = useGet("/api/{spaceId}/machines", {}, { query: { take: 1 } });
  const tags = useGet("/api/{spaceId}/machineroles/all", {});
  const features = useGet("/api/featuresconfiguration", {});
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const releases = useGet("/api/{spaceId}/releases", {}, { query: { take: 30 } });
  const deployments = useGet("/api/{spaceId}/deployments", {}, { query: { take: 1 } });
  const all = [environments, machines, tags, features, projects, releases, deployments];
  if (all.some((query) => query.isPending)) return undefined;
  const found = (releases.data as unknown as Page<Release> | undefined)?.Items ?? [];
  const release = newest(found);
  const list = projects.data ?? [];
  return {
    environments: environments.data ?? [],
    // Who may not read the features is told by the deployment if there is no worker.
    worker:
      (features.data as unknown as { IsBuiltInWorkerEnabled?: boolean } | undefined)?.IsBuiltInWorkerEnabled ?? true,
    targets: (machines.data as unknown as Page<unknown> | undefined)?.TotalResults ?? 0,
    tags: tags.data ?? [],
    project: list.find((p) => p.Id === release?.ProjectId) ?? newest(list),
    release,
    deployed: ((deployments.data as unknown as Page<unknown> | undefined)?.TotalResults ?? 0) > 0,
  };
}

export type StepName = "environment" | "place" | "project" | "release" | "deploy";

// stateOf gives the steps, in order, with whether each is done.
export function stateOf(s: Setup): [StepName, boolean][] {
  return [
    ["environment", s.environments.length > 0],
    ["place", s.worker || s.targets > 0],
    ["project", s.project !== undefined],
    ["release", s.release !== undefined],
    ["deploy", s.deployed],
  ];
}
