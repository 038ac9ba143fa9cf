// What differs between two releases.
import type { Release } from "~/api/wire";

export type PackageChange = { step: string; reference: string; before: string; after: string };

// packageChanges lists the packages whose versions differ, or that only one of
// the releases has.
export function packageChanges(before: Release, after: Release): PackageChange[] {
  const rows = new Map<string, PackageChange>();
  const put = (of: Release, side: "before" | "after") => {
    for (const p of of.SelectedPackages ?? []) {
      const reference = p.PackageReferenceName ?? "";
      const key = `${p.ActionName}|${reference}`.toLowerCase();
      const row = rows.get(key) ?? { step: p.StepName || p.ActionName, reference, before: "", after: "" };
      rows.set(key, { ...row, [side]: p.Version });
    }
  };
  put(before, "before");
  put(after, "after");
  return [...rows.values()].filter((r) => r.before !== r.after);
}
