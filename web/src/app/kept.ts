// What a person keeps in this browser: which projects they follow, which filters
// they come back to. It belongs to them, not to whoever signs in next.
import { useCallback, useSyncExternalStore } from "react";
import { useSession } from "./session";

const tellers = new Set<() => void>();

function subscribe(tell: () => void) {
  tellers.add(tell);
  // Other tabs of the browser keep the same.
  globalThis.addEventListener?.("storage", tell);
  return () => {
    tellers.delete(tell);
    globalThis.removeEventListener?.("storage", tell);
  };
}

function textAt(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

// listOf reads a list that was kept; what is no list is none.
export function listOf<T>(text: string): T[] {
  try {
    const value: unknown = JSON.parse(text || "[]");
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

// useKept gives a list that is kept under a name for who is signed in, and a way
// to change it. A browser that keeps nothing forgets it with the page.
export function useKept<T>(name: string): [T[], (list: T[]) => void] {
  const { user } = useSession();
  const key = `tako.${name}.${user.Id}`;
  const text = useSyncExternalStore(subscribe, () => textAt(key));
  const set = useCallback(
    (list: T[]) => {
      try {
        if (list.length > 0) localStorage.setItem(key, JSON.stringify(list));
        else localStorage.removeItem(key);
      } catch {
        // There is nowhere to keep it.
      }
      for (const tell of tellers) tell();
    },
    [key],
  );
  return [listOf<T>(text), set];
}
