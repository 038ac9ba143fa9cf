// Reading and changing through the cache. What is read is read anew when the
// events stream says that it has changed (see live.ts).
import { QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { type Answer, type Body, type Method, type Params, type PathOf, type Query, request } from "./client";
import { type ApiError, errorOf } from "./error";
import { streamIsOpen } from "./stream/connection";

// SpaceContext is the id of the space of the page, "" outside of spaces.
export const SpaceContext = createContext("");

export const useSpaceId = () => useContext(SpaceContext);

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

const pollEvery = 5000;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        // The stream tells of changes; without it we ask again and again.
        refetchInterval: () => (streamIsOpen() ? false : pollEvery),
        retry: (failures, error) => error.unreachable && failures < 2,
        throwOnError: false,
      },
    },
  });
}

// KeyOf is how an answer is found in the cache.
export function keyOf(path: string, params: Record<string, string | undefined>, query?: Query) {
  return [path, params, query ?? {}] as const;
}

export type GetOptions = {
  query?: Query;
  enabled?: boolean;
  // keep shows what there was while another answer is on its way, as when
  // somebody types into a filter.
  keep?: boolean;
  staleTime?: number;
  refetchInterval?: number;
};

// getOptions are the options of one read, for useQuery and for prefetching.
export function getOptions<P extends PathOf<"get">>(
  path: P,
  params: Record<string, string | undefined>,
  { query, keep, ...rest }: GetOptions = {},
) {
  return {
    queryKey: keyOf(path, params, query),
    queryFn: ({ signal }: { signal: AbortSignal }) => request("get", path, { params, query, signal }),
    placeholderData: keep ? (before: Answer<P, "get"> | undefined) => before : undefined,
    ...rest,
  };
}

// useGet reads a path: useGet("/api/{spaceId}/projects/{id}", { id }). The
// space is that of the page.
export function useGet<P extends PathOf<"get">>(
  path: P,
  params: Params<P, "get">,
  options: GetOptions = {},
): UseQueryResult<Answer<P, "get">, ApiError> {
  const all = { spaceId: useSpaceId(), ...(params as Record<string, string | undefined>) };
  const complete = !/\{(\w+)\}/g[Symbol.match](path)?.some((name) => !all[name.slice(1, -1) as keyof typeof all]);
  return useQuery(getOptions(path, all, { ...options, enabled: complete && (options.enabled ?? true) })) as never;
}

export type Sent<P extends PathOf<M>, M extends Method> = {
  params?: Partial<Params<P, M>>;
  query?: Query;
  body?: Body<P, M>;
};

export type SendOptions<A> = {
  onDone?: (answer: A) => void;
  // touches names more paths to read anew; those of the same collection are.
  touches?: string[];
};

// useSend changes something: const save = useSend("put", "/api/{spaceId}/projects/{id}").
export function useSend<M extends Exclude<Method, "get">, P extends PathOf<M>>(
  method: M,
  path: P,
  { onDone, touches = [] }: SendOptions<Answer<P, M>> = {},
) {
  const spaceId = useSpaceId();
  const cache = useQueryClient();
  return useMutation<Answer<P, M>, ApiError, Sent<P, M>>({
    mutationFn: async ({ params, query, body }) => {
      try {
        return await request(method, path, {
          params: { spaceId, ...(params as Record<string, string | undefined>) },
          query,
          body: body ?? (method === "delete" ? undefined : {}),
        });
      } catch (thrown) {
        throw errorOf(thrown);
      }
    },
    onSuccess: async (answer) => {
      invalidate(cache, [collectionOf(path), ...touches]);
      onDone?.(answer);
    },
  });
}

// collectionOf is the part of a path that names what it is about.
export function collectionOf(path: string): string {
  return path.match(/^\/api(?:\/\{spaceId\})?\/([^/{]+)/)?.[1] ?? path;
}

// invalidate makes everything whose path has one of the words be read anew.
export function invalidate(cache: QueryClient, words: Iterable<string>) {
  const needles = [...words].map((word) => `/${word.replace(/^\//, "").toLowerCase()}`);
  if (needles.length === 0) return;
  void cache.invalidateQueries({
    predicate: ({ queryKey: [path] }) =>
      typeof path === "string" && needles.some((needle) => path.toLowerCase().includes(needle)),
  });
}
