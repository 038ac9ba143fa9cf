// What somebody edits before it is saved, beside what the server has.
import { useCallback, useMemo, useRef, useState } from "react";
import { same } from "./merge";

export type Draft<T> = {
  // base is what the editing began from.
  base: T;
  value: T;
  dirty: boolean;
  // newer is what the server has in the meantime, if that is another.
  newer: T | undefined;
  edit: (change: (now: T) => T) => void;
  discard: () => void;
  // saved begins anew from what the server answered.
  saved: (answer: T) => void;
  // rebase puts the edits on top of another beginning.
  rebase: (base: T, value: T) => void;
};

// newerThan goes by the commit or the version, and by all there is where there
// is none.
function newerThan(a: { Version?: number; Commit?: string }, b: { Version?: number; Commit?: string }): boolean {
  if (a.Commit !== undefined || b.Commit !== undefined) return a.Commit !== b.Commit;
  if (a.Version !== undefined && b.Version !== undefined) return a.Version > b.Version;
  return a !== b && !same(a, b);
}

export function useDraft<T extends object>(server: T): Draft<T> {
  const [{ base, value, past }, set] = useState<{ base: T; value: T; past?: T }>({ base: server, value: server });
  const latest = useRef(server);
  latest.current = server;
  const dirty = useMemo(() => base !== value && !same(base, value), [base, value]);
  // What was read before saving is not newer than what saving answered.
  const isNewer = useMemo(() => server !== past && newerThan(server, base), [server, base, past]);
  // Who has changed nothing follows what the others do.
  if (isNewer && !dirty) set({ base: server, value: server });
  return {
    base,
    value,
    dirty,
    newer: isNewer && dirty ? server : undefined,
    edit: useCallback((change) => set((now) => ({ ...now, value: change(now.value) })), []),
    discard: useCallback(() => set((now) => ({ ...now, value: now.base })), []),
    saved: useCallback((answer) => set({ base: answer, value: answer, past: latest.current }), []),
    rebase: useCallback((nextBase, nextValue) => set({ base: nextBase, value: nextValue }), []),
  };
}
