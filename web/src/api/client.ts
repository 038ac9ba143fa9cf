// Requests to the server: every path, parameter, body and answer has the type
// that the API's description gives it.
import createClient from "openapi-fetch";
import { problemOf, unreachable } from "./error";
import { root } from "./place";
import type { paths } from "./schema.gen";

export type Method = "get" | "post" | "put" | "delete";

type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M], undefined>;

// PathOf are the paths that take a method.
export type PathOf<M extends Method> = {
  [P in keyof paths]: [Operation<P, M>] extends [never] ? never : P;
}[keyof paths];

type ContentOf<T> = T extends { content: { "application/json": infer C } } ? C : undefined;

// Answer is what a path answers with.
export type Answer<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: { "2XX": infer R } } ? ContentOf<R> : undefined;

type PathParameters<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { path: infer A } } ? A : Record<never, string>;

// Params are the parts of a path. The space is the current one unless given.
export type Params<P extends keyof paths, M extends Method> = Omit<PathParameters<P, M>, "spaceId"> & {
  spaceId?: string;
};

// Draft is a value of which anything may be left out, as in what is sent.
export type Draft<T> = T extends (infer E)[]
  ? Draft<E>[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> | null }
    : T;

type DescribedBody<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: { content: { "application/json": infer B } } } ? B : unknown;

export type Body<P extends keyof paths, M extends Method> =
  unknown extends DescribedBody<P, M> ? unknown : Draft<DescribedBody<P, M>>;

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export type Request = {
  params?: Record<string, string | undefined>;
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  // match is the version that a change was made to.
  match?: string;
};

let csrfCookie = "Octopus-Csrf-Token_";

// belongTo says which installation's cookies are ours: several servers of one
// host share a browser's cookies.
export function belongTo(installation: string) {
  csrfCookie = `Octopus-Csrf-Token_${installation.replaceAll("-", "")}`;
}

export function csrfToken(cookies: string, name = csrfCookie): string {
  for (const cookie of cookies.split("; ")) {
    const cut = cookie.indexOf("=");
    if (cookie.slice(0, cut).startsWith(name)) return cookie.slice(cut + 1);
  }
  return "";
}

let onSignedOut = () => {};

// whenSignedOut is told when the server does not know the session any more.
export function whenSignedOut(tell: () => void) {
  onSignedOut = tell;
}

const client = createClient<paths>({
  baseUrl: root,
  // Looked up at each call, so that tests can put another in its place.
  fetch: (request) => globalThis.fetch(request),
  querySerializer: { array: { style: "form", explode: false } },
});

client.use({
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-Octopus-Csrf-Token", csrfToken(document.cookie));
    request.headers.set("Accept", "application/json");
    return request;
  },
});

// request sends one request; what the server refuses is thrown as an ApiError.
export async function request<P extends PathOf<M>, M extends Method>(
  method: M,
  path: P,
  how: Request = {},
): Promise<Answer<P, M>> {
  return (await answered(method, path, how)).data;
}

// answered is request, with the version that the server names beside the answer.
export async function answered<P extends PathOf<M>, M extends Method>(
  method: M,
  path: P,
  { params, query, body, signal, match }: Request = {},
): Promise<{ data: Answer<P, M>; etag: string }> {
  const headers = match ? { "If-Match": match } : undefined;
  const options = { params: { path: params, query }, body, signal, headers };
  const sent = client.request(method, path as never, options as never).catch((thrown: unknown) => {
    if (signal?.aborted) throw thrown;
    throw unreachable();
  });
  const { data, error, response } = (await sent) as { data?: unknown; error?: unknown; response: Response };
  if (response.ok) return { data: data as Answer<P, M>, etag: response.headers.get("ETag") ?? "" };
  if (response.status === 401 && path !== "/api/users/login") onSignedOut();
  throw problemOf(response, error);
}
