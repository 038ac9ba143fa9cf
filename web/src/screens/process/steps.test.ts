import { expect, test } from "vitest";
import { same } from "~/ui/draft/merge";
import {
  type Action,
  actionOf,
  addChild,
  clone,
  free,
  groups,
  moveAction,
  moveStep,
  places,
  remove,
  renamed,
  type Step,
  stepOf,
  textOf,
  withProperty,
} from "./steps";

const action = (Name: string): Action => ({
  ...actionOf(Name, { ActionType: "Octopus.Script", Properties: {} }),
  Id: Name,
});
const step = (Name: string, ...children: string[]): Step => ({
  ...stepOf(action(Name)),
  Id: `step ${Name}`,
  Name,
  Actions: (children.length ? children : [Name]).map(action),
});
const names = (steps: Step[]) => steps.map((s) => s.Name).join(" ");
const all = [step("a"), step("b", "b1", "b2"), step("c")];

test("actions are numbered, children within their step", () => {
  expect(places(all).map((p) => `${p.number} ${p.action.Name}`)).toEqual(["1 a", "2.1 b1", "2.2 b2", "3 c"]);
});

test.each([
  ["step a", 2, "b c a"],
  ["step c", 0, "c a b"],
  ["step a", 3, "a b c"],
  ["step a", -1, "a b c"],
  ["gone", 0, "a b c"],
])("moving %s to %i", (id, to, expected) => {
  expect(names(moveStep(all, id, to))).toBe(expected);
});

test("children move within their step alone", () => {
  const moved = moveAction(all, "b2", 0);
  expect(places(moved).map((p) => p.action.Name)).toEqual(["a", "b2", "b1", "c"]);
  expect(moved[0]).toBe(all[0]);
});

test("a step goes with its last action", () => {
  expect(names(remove(all, "a"))).toBe("b c");
  expect(remove(all, "b1")[1]?.Actions?.map((a) => a.Name)).toEqual(["b2"]);
});

test("what is alone in its step gives it its name", () => {
  expect(renamed(all, "a", "x")[0]).toMatchObject({ Name: "x", Actions: [{ Name: "x" }] });
  expect(renamed(all, "b1", "x")[1]).toMatchObject({ Name: "b", Actions: [{ Name: "x" }, { Name: "b2" }] });
});

test("a copy has ids and a name of its own", () => {
  const { steps, made } = clone(all, "a");
  expect(names(steps)).toBe("a a (copy) b c");
  expect(steps[1]?.Actions?.[0]?.Id).toBe(made);
  expect(steps[1]?.Id).not.toBe("step a");
  expect(names(clone(steps, "a").steps)).toBe("a a (copy) 2 a (copy) b c");
  expect(clone(all, "b1").steps[1]?.Actions?.map((a) => a.Name)).toEqual(["b1", "b1 (copy)", "b2"]);
});

test("names are free of those of steps and of actions", () => {
  expect(free(all, "new")).toBe("new");
  expect(free(all, "B1")).toBe("B1 2");
});

test("a child makes a step rolling, and nothing else is touched", () => {
  const next = addChild(all, "step a", action("a2"));
  expect(places(next).map((p) => p.number)).toEqual(["1.1", "1.2", "2.1", "2.2", "3"]);
  expect(same(next[2], all[2])).toBe(true);
});

test("properties come and go", () => {
  expect(withProperty(null, "x", "1")).toEqual({ x: "1" });
  expect(withProperty({ x: "1", y: "2" }, "x", "")).toEqual({ y: "2" });
  expect(textOf({ x: { HasValue: true } as never }, "x")).toBe("");
});

test("steps that start with the one before are together", () => {
  const parallel = [step("a"), { ...step("b"), StartTrigger: "StartWithPrevious" }, step("c")];
  expect(groups(parallel).map(names)).toEqual(["a b", "c"]);
});
