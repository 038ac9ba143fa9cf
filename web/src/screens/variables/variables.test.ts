import { expect, test } from "vitest";
import {
  addValue,
  blank,
  grouped,
  matching,
  renameGroup,
  sameScope,
  type Variable,
  warningsOf,
  withScope,
  withType,
} from "./variables";

const v = (Id: string, Name: string, more: Partial<Variable> = {}) => ({ ...blank({ Name, Value: "x", ...more }), Id });
const scope = (...Environment: string[]) => ({ Environment }) as Variable["Scope"];
const all = [v("1", "b"), v("2", "A", { Scope: scope("e1") }), v("3", "a", { Scope: scope("e2") })];

test("values of a name stand together, whatever its case, new names first", () => {
  const groups = grouped([...all, v("4", "zz"), v("5", "a")], all);
  expect(groups.map((g) => g.variables.map((x) => x.Id).join(""))).toEqual(["4", "235", "1"]);
});

test("a row stays in its place while its name is typed", () => {
  const typed = renameGroup(all, ["1"], "zzz");
  expect(grouped(typed, all).map((g) => g.name)).toEqual(["A", "zzz"]);
});

test("another value comes after those of its name", () => {
  const { all: next, made } = addValue(all, all[1] as Variable);
  expect(next.map((x) => x.Id)).toEqual(["1", "2", "3", made.Id]);
  expect(made).toMatchObject({ Name: "A", Value: "", Scope: {} });
});

test("scopes are the same in any order", () => {
  expect(sameScope(scope("a", "b"), scope("b", "a"))).toBe(true);
  expect(sameScope(scope("a"), {} as Variable["Scope"])).toBe(false);
  expect(withScope(scope("a"), "Environment", [])).toEqual({});
});

test.each([
  [v("1", "a"), "Sensitive", { Type: "Sensitive", IsSensitive: true, Value: "x" }],
  [
    v("1", "a", { Type: "Sensitive", IsSensitive: true, Value: null }),
    "String",
    { Type: "String", IsSensitive: false, Value: "" },
  ],
  [v("1", "a"), "AzureAccount", { Type: "AzureAccount", IsSensitive: false, Value: "" }],
])("another type: %#", (before, type, expected) => {
  expect(withType(before, type)).toMatchObject(expected);
});

test("what looks like a mistake is warned of", () => {
  const found = warningsOf([
    v("1", "a"),
    v("2", "A"),
    v("3", "b", { Value: "" }),
    v("4", ""),
    v("5", "c", { Scope: scope("e") }),
    v("6", "c"),
  ]);
  expect([...found]).toEqual([
    ["1", "ambiguous"],
    ["2", "ambiguous"],
    ["3", "empty"],
    ["4", "unnamed"],
  ]);
});

test.each([
  [{ text: "A", kind: "", environment: "" }, "23"],
  [{ text: "", kind: "scoped", environment: "" }, "23"],
  [{ text: "", kind: "", environment: "e1" }, "12"],
  [{ text: "", kind: "changed", environment: "" }, ""],
])("the filter %j", (filter, expected) => {
  expect(
    matching(all, all, filter, new Map())
      .map((x) => x.Id)
      .join(""),
  ).toBe(expected);
});
