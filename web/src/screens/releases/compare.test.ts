import { expect, test } from "vitest";
import type { Release } from "~/api/wire";
import { packageChanges } from "./compare";

const release = (...packages: [string, string, string][]) =>
  ({
    SelectedPackages: packages.map(([ActionName, PackageReferenceName, Version]) => ({
      ...{ ActionName, PackageReferenceName, Version, StepName: "" },
    })),
  }) as unknown as Release;

test("packages that differ are listed, and those that only one release has", () => {
  const before = release(["Web", "", "1.0"], ["Web", "tool", "3"], ["Old", "", "1"]);
  const after = release(["web", "", "1.1"], ["Web", "tool", "3"], ["New", "", "2"]);
  expect(packageChanges(before, after)).toEqual([
    { step: "Web", reference: "", before: "1.0", after: "1.1" },
    { step: "Old", reference: "", before: "1", after: "" },
    { step: "New", reference: "", before: "", after: "2" },
  ]);
  expect(packageChanges(before, before)).toEqual([]);
});
