// The sets that a project takes its variables from: its own and those of the
// library that it includes.
import { useQueries } from "@tanstack/react-query";
import { useOnBranch } from "~/api/branch";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import type { Variable, VariableSet } from "./variables";

// branch is where a set of the project itself is in Git.
export type Source = { id: string; name: string; library: boolean; branch?: string; set: VariableSet };
export type Sourced = { variable: Variable; source: Source };

export type Sources = { sources: Source[]; isPending: boolean };

// useSources reads them; of a project whose variables are in Git those on a
// branch, beside the secrets, which are in the database.
export function useSources(project: Project, branch = ""): Sources {
  const spaceId = useSpaceId();
  const inGit = Boolean(branch && project.PersistenceSettings.ConversionState?.VariablesAreInGit);
  const committed = useOnBranch("variables", project.Id, inGit ? branch : "").query;
  const own = useGet("/api/{spaceId}/variables/{id}", { id: project.VariableSetId });
  const library = useGet("/api/{spaceId}/libraryvariablesets/all", {});
  const included = (project.IncludedLibraryVariableSetIds ?? []).flatMap(
    (id) => library.data?.find((s) => s.Id === id && s.ContentType !== "ScriptModule") ?? [],
  );
  const sets = useQueries({
    queries: included.map((s) => getOptions("/api/{spaceId}/variables/{id}", { spaceId, id: s.VariableSetId })),
  });
  const sources: Source[] = [];
  if (inGit && committed.data)
    sources.push({ id: project.Id, name: project.Name, library: false, branch, set: committed.data });
  if (own.data) sources.push({ id: project.Id, name: project.Name, library: false, set: own.data });
  included.forEach((s, i) => {
    const set = sets[i]?.data;
    if (set) sources.push({ id: s.Id, name: s.Name, library: true, set });
  });
  return {
    sources,
    isPending: own.isPending || (inGit && committed.isPending) || library.isPending || sets.some((q) => q.isPending),
  };
}

// allOf lists the variables of all sources by name.
export const allOf = (sources: Source[]): Sourced[] =>
  sources
    .flatMap((source) => (source.set.Variables ?? []).map((variable) => ({ variable, source })))
    .sort((a, b) => a.variable.Name.localeCompare(b.variable.Name, undefined, { sensitivity: "base" }));
