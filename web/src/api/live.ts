// Hooks on the events stream, and the rule of what to read anew when something
// has changed.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { invalidate } from "./query";
import { listen, mayBegin, streamStatus, watchStatus } from "./stream/connection";
import type { Status, StreamEvent } from "./stream/events";

// useStream hears events of some topics while the component is there.
export function useStream(topics: string[], hear: (event: StreamEvent) => void) {
  const latest = useRef(hear);
  latest.current = hear;
  const words = topics.join(",");
  useEffect(() => {
    if (!words) return;
    return listen(words.split(","), (event) => latest.current(event));
  }, [words]);
}

export const useStreamStatus = (): Status => useSyncExternalStore(watchStatus, streamStatus);

// useMayBegin says when the first page may be read: what happens from then on is heard.
export const useMayBegin = (): boolean => useSyncExternalStore(watchStatus, mayBegin);

// Kinds whose name is not the one in their paths.
const pathsOf: Record<string, string[]> = {
  VariableSets: ["variables"],
  Interruptions: ["interruptions", "tasks"],
  Deployments: ["deployments", "releases", "progression"],
  Releases: ["releases", "progression"],
  Machines: ["machines", "summary"],
  Workers: ["workers", "summary"],
  DeploymentFreezes: ["deploymentfreezes", "preview"],
};

const boards = new Set(["Projects", "ProjectGroups", "Environments", "Deployments", "Releases", "Tenants"]);

// stale gives the words of the paths that an event makes stale.
export function stale(event: StreamEvent): string[] {
  switch (event.type) {
    case "task":
      return ["tasks", "dashboard", "progression", "deployments", "interruptions"];
    case "resource":
    case "machine":
    case "interruption": {
      const kind = event.data.Kind;
      const words = pathsOf[kind] ?? [kind.toLowerCase()];
      return boards.has(kind) ? [...words, "dashboard"] : words;
    }
    default:
      return [];
  }
}

const gatherFor = 250;

// useLiveCache keeps all that is shown up to date.
export function useLiveCache() {
  const cache = useQueryClient();
  const words = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const down = useStreamStatus() === "down";
  useEffect(() => {
    if (down) void cache.invalidateQueries(); // from here on the queries ask by themselves
  }, [down, cache]);
  useStream(["tasks", "interruptions", "machines", "resources"], (event) => {
    if (event.type === "resync" || (event.type === "ready" && !event.data.Resumed)) {
      void cache.invalidateQueries();
      return;
    }
    for (const word of stale(event)) words.current.add(word);
    if (words.current.size === 0 || timer.current) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      invalidate(cache, words.current);
      words.current.clear();
    }, gatherFor);
  });
}
