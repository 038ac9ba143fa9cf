import { expect, test } from "vitest";
import type { Dashboard } from "~/api/wire";
import { first, groupsOf, ofTenant } from "./matrix";

const item = (State: string, Created: string) => ({
  State,
  Created,
  IsCompleted: State !== "Executing" && State !== "Queued",
});

test.each([
  ["what runs, before what failed", [item("Failed", "2"), item("Executing", "1"), item("Success", "3")], "Executing"],
  ["what failed, before what is newer", [item("Success", "3"), item("TimedOut", "1")], "TimedOut"],
  ["the newest of the others", [item("Success", "1"), item("Canceled", "2")], "Canceled"],
])("a cell shows %s", (_, items, want) => {
  expect(first(items)?.State).toBe(want);
});

const board = {
  ProjectGroups: [
    { Id: "G1", Name: "Payments" },
    { Id: "G2", Name: "Shops" },
  ],
  Projects: [
    { Id: "P1", Name: "Api", ProjectGroupId: "G1" },
    { Id: "P2", Name: "Web", ProjectGroupId: "G2" },
  ],
  Environments: [{ Id: "E1", Name: "Dev" }],
  Items: [{ ProjectId: "P1", EnvironmentId: "E1", ...item("Success", "1") }],
  Tenants: [{ Id: "T1", ProjectEnvironments: { P2: ["E1"] } }],
} as unknown as Dashboard;

const names = (of: Dashboard, filter = "") =>
  groupsOf(of, filter).map((g) => [g.name, ...g.rows.map((r) => r.project.Name)]);

test("projects stand below their groups, and those that have the text in either name are left", () => {
  expect(names(board)).toEqual([
    ["Payments", "Api"],
    ["Shops", "Web"],
  ]);
  expect(names(board, "shop")).toEqual([["Shops", "Web"]]);
});

test("a tenant leaves its own projects", () => {
  expect(names(ofTenant(board, "T1"))).toEqual([["Shops", "Web"]]);
  expect(ofTenant(board, "")).toBe(board);
});
