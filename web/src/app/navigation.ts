// Hooks on the address: its parts, its query, and going elsewhere.
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";

// useParam gives a part of the address, "" if it has none of that name.
export function useParam(name: string): string {
  const params = useParams({ strict: false }) as Record<string, string | undefined>;
  return params[name] ?? "";
}

// useGo goes to an address below #.
export function useGo() {
  const navigate = useNavigate();
  return useCallback((to: string, { replace = false } = {}) => void navigate({ to, replace }), [navigate]);
}

// useQueryWord gives a word of the address's query and a way to change it: what
// a list is filtered by lies in the address, so that Back brings it back.
export function useQueryWord(name: string): [string, (value: string | undefined, how?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const inAddress = search[name] ?? "";
  // Fields must show what is typed at once; the address follows a little later.
  const [word, setWord] = useState(inAddress);
  const coming = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (coming.current === undefined) setWord(inAddress);
    else if (coming.current === inAddress) coming.current = undefined;
  }, [inAddress]);
  const set = useCallback(
    (value: string | undefined, { push = false } = {}) => {
      const next = value ?? "";
      setWord(next);
      coming.current = next === inAddress ? undefined : next;
      // Another filter makes another list, which begins at its start.
      const query = (before: Record<string, unknown>) => ({ ...before, skip: undefined, [name]: value || undefined });
      void navigate({ to: ".", search: query as never, replace: !push, resetScroll: false });
    },
    [navigate, name, inAddress],
  );
  return [word, set];
}
