// The sets that a project takes its variables from: its own and those of the
// library that it includes.
import { useQueries } from "@tanstack/react-query";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import type { Variable, VariableSet } from "./variables";

export type Source = { id: string; name: string; library: boolean; set: VariableSet };
export type Sourced = { variable: Variable; source: Source };

export type Sources = { sources: Source[]; isPending: boolean };

export function useSources(project: Project): Sources {
  const spaceId = useSpaceId();
  const own = useGet("/api/{spaceId}/variables/{id}", { id: project.VariableSetId });
  const library = useGet("/api/{spaceId}/libraryvariablesets/all", {});
  const included = (project.IncludedLibraryVariableSetIds ?? []).flatMap(
    (id) => library.data?.find((s) => s.Id === id && s.ContentType !== "ScriptModule") ?? [],
  );
  const sets = useQueries({
    queries: included.map((s) => getOptions("/api/{spaceId}/variables/{id}", { spaceId, id: s.VariableSetId })),
  });
  const sources: Source[] = [];
  if (own.data) sources.push({ id: project.Id, name: project.Name, library: false, set: own.data });
  included.forEach((s, i) => {
    const set = sets[i]?.data;
    if (set) sources.push({ id: s.Id, name: s.Name, library: true, set });
  });
  return { sources, isPending: own.isPending || library.isPending || sets.some((q) => q.isPending) };
}

// allOf lists the variables of all sources by name.
export const allOf = (sources: Source[]): Sourced[] =>
  sources
    .flatMap((source) => (source.set.Variables ?? []).map((variable) => ({ variable, source })))
    .sort((a, b) => a.variable.Name.localeCompare(b.variable.Name, undefined, { sensitivity: "base" }));
