import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import type { ComponentType } from "react";
import { ErrorState } from "~/ui/state";
import { again } from "./again";
import type { Screen } from "./area";
import { areas } from "./areas";
import { Home } from "./Home";
import { NotFound } from "./NotFound";
import { Root } from "./Root";
import { Screened } from "./Screened";

const rootRoute = createRootRoute({ component: Root, notFoundComponent: () => <NotFound /> });

const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: Home });

function routeOf({ path, load, needs }: Screen) {
  const Lazy = lazyRouteComponent(() => again(load)) as ComponentType & { preload?: () => Promise<void> };
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each screen, when the program starts
  const Component = () => (
    <Screened needs={needs}>
      <Lazy />
    </Screened>
  );
  Component.preload = Lazy.preload;
  return createRoute({ getParentRoute: () => rootRoute, path, component: Component });
}

// fill puts the parameters of one address into another.
export function fill(path: string, params: Record<string, string>): string {
  return path.replace(/\$(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

function redirectOf([from, to]: [string, string]) {
  return createRoute({
    getParentRoute: () => rootRoute,
    path: from,
    beforeLoad: ({ params, search }) => {
      const [path = "", query] = fill(to, params).split("?");
      const more = Object.fromEntries(new URLSearchParams(query));
      throw redirect({ to: path, search: { ...search, ...more } as never, replace: true });
    },
  });
}

// Queries are plain words, as the command line and old bookmarks have them.
const parseSearch = (text: string) => Object.fromEntries(new URLSearchParams(text));

function stringifySearch(search: Record<string, unknown>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") words.set(name, String(value));
  }
  const text = words.toString();
  return text ? `?${text}` : "";
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    ...areas.flatMap((a) => a.screens.map(routeOf)),
    ...areas.flatMap((a) => Object.entries(a.redirects ?? {}).map(redirectOf)),
  ]),
  history: createHashHistory(),
  parseSearch,
  stringifySearch,
  caseSensitive: false,
  trailingSlash: "never",
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultNotFoundComponent: () => <NotFound />,
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
});
