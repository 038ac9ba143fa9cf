import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import type { Project } from "~/api/wire";

// What was last worked on in each project, so that going from the process to
// the variables stays on the branch. An address that names one wins.
const last = new Map<string, string>();

// useBranch is the branch of a project in Git that a page is about. It goes by
// the address alone: leaving a branch with unsaved changes may be thought over.
export function useBranch(project: Project): [branch: string, choose: (branch: string) => void] {
  const { branch: named } = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  if (named) last.set(project.Id, named);
  const choose = useCallback(
    (branch: string) => {
      const search = (before: Record<string, unknown>) => ({ ...before, branch, actionId: undefined });
      void navigate({ to: ".", search: search as never, resetScroll: false });
    },
    [navigate],
  );
  const usual = project.PersistenceSettings.DefaultBranch || "main";
  const branch = named || last.get(project.Id) || usual;
  // The address says it too, so that it can be read again and passed on.
  useEffect(() => {
    if (named || branch === usual) return;
    const search = (before: Record<string, unknown>) => ({ ...before, branch });
    void navigate({ to: ".", search: search as never, replace: true, resetScroll: false });
  }, [named, branch, usual, navigate]);
  return [branch, choose];
}
