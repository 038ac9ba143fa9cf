// Documents of a project that are in its Git repository: each is read on a
// branch, and a change of it is a commit to that branch.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type Answer, answered } from "./client";
import type { ApiError } from "./error";
import { invalidate, keyOf, useSpaceId } from "./query";

const places = {
  process: "/api/{spaceId}/projects/{id}/{gitRef}/deploymentprocesses",
  variables: "/api/{spaceId}/projects/{id}/{gitRef}/variables",
  runbook: "/api/{spaceId}/projects/{id}/{gitRef}/runbooks/{runbook}",
  runbookProcess: "/api/{spaceId}/projects/{id}/{gitRef}/runbookProcesses/{runbook}",
} as const;

type Place = keyof typeof places;

// Committed is a document as it was at a commit.
export type Committed<D> = D & { Commit: string };

// refOf names a branch as the API's paths do.
export const refOf = (branch: string) => `refs/heads/${branch}`;

type Document<P extends Place> = Committed<Answer<(typeof places)[P], "get">>;

// useOnBranch reads a document on a branch and commits changes of it. The
// server refuses one that was made to another commit's document. A runbook's
// documents are found by its slug.
export function useOnBranch<P extends Place>(place: P, project: string, branch: string, runbook = "") {
  const spaceId = useSpaceId();
  const cache = useQueryClient();
  const path = places[place];
  const params = { spaceId, id: project, gitRef: refOf(branch), ...(runbook && { runbook }) };
  const of = ({ data, etag }: { data: unknown; etag: string }) =>
    ({ ...(data as object), Commit: etag }) as Document<P>;
  const read = async (signal?: AbortSignal) => of(await answered("get", path, { params, signal }));
  const commit = async (document: Document<P>, ChangeDescription: string) => {
    const { Commit, ...body } = document as Committed<object>;
    const made = of(await answered("put", path, { params, body: { ...body, ChangeDescription }, match: Commit }));
    invalidate(cache, [collection[place], "git/branches"]);
    return made;
  };
  const query = useQuery<Document<P>, ApiError>({
    queryKey: keyOf(path, params),
    queryFn: ({ signal }) => read(signal),
    enabled: Boolean(branch),
  });
  return { query, read: () => read(), commit };
}

const collection = {
  process: "deploymentprocesses",
  variables: "variables",
  runbook: "runbooks",
  runbookProcess: "runbookProcesses",
};
