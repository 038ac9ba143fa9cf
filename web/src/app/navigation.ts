// Hooks on the address: its parts, its query, and going elsewhere.
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

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
export function useQueryWord(name: string): [string, (value: string | undefined) => void] {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const set = useCallback(
    (value: string | undefined) => {
      const next = (before: Record<string, unknown>) => ({ ...before, [name]: value || undefined });
      void navigate({ to: ".", search: next as never, replace: true, resetScroll: false });
    },
    [navigate, name],
  );
  return [search[name] ?? "", set];
}
