import { expect, test } from "vitest";
import { bySubject, type Permission, subjectOf } from "./permissions";

test.each([
  ["MachineEdit", "Machine"],
  ["MachinePolicyView", "MachinePolicy"],
  ["BuiltInFeedPush", "BuiltInFeed"],
  ["VariableViewUnscoped", "Variable"],
  ["TaskViewLog", "Task"],
  ["AdministerSystem", "AdministerSystem"],
  ["ConfigureServer", "ConfigureServer"],
])("%s is about %s", (name, subject) => {
  expect(subjectOf(name)).toBe(subject);
});

test("groups are in order and named in words", () => {
  const of = (name: string) => ({ name }) as Permission;
  const groups = bySubject([of("TaskView"), of("MachinePolicyView"), of("MachineEdit"), of("TaskCancel")]);
  expect(groups.map((g) => [g.title, g.permissions.map((p) => p.name)])).toEqual([
    ["Deployment target", ["MachineEdit"]],
    ["Machine policy", ["MachinePolicyView"]],
    ["Task", ["TaskView", "TaskCancel"]],
  ]);
});
