import { expect, test } from "vitest";
import { countMissing, isMissing, type Template, type Values, withCommon, withOwn } from "./values";

const template = (Id: string, DefaultValue: unknown = "") => ({ Id, Name: Id, DefaultValue }) as unknown as Template;
const values = {
  LibraryVariables: { L: { Templates: [template("a"), template("b", "def")], Variables: {} } },
  ProjectVariables: { P: { Templates: [template("c")], Variables: { E1: { c: "x" }, E2: {} } } },
} as unknown as Values;

test.each([
  [template("a"), undefined, true],
  [template("a"), "", true],
  [template("a"), "x", false],
  [template("a", "default"), undefined, false],
  [template("a", { HasValue: true }), undefined, false],
  [template("a", { HasValue: false }), undefined, true],
  [template("a"), { HasValue: true }, false],
  [template("a"), { HasValue: false, NewValue: "new" }, false],
])("%j with %j is missing: %s", (of, value, want) => {
  expect(isMissing(of, value)).toBe(want);
});

test("missing values are counted in each environment, and none is left once they are given", () => {
  expect(countMissing(values)).toBe(2);
  const given = withOwn(withCommon(values, "L", "a", "1"), "P", "E2", "c", "2");
  expect(countMissing(given)).toBe(0);
  expect(given.ProjectVariables?.P?.Variables).toEqual({ E1: { c: "x" }, E2: { c: "2" } });
  expect(withOwn(given, "P", "E2", "c", "").ProjectVariables?.P?.Variables?.E2).toEqual({});
  expect(withOwn(values, "gone", "E2", "c", "2")).toBe(values);
});
