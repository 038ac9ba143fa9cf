import { expect, test } from "vitest";
import { queryOf, withFilter } from "./filters";

test.each([
  [{}, ""],
  [{ skip: "50" }, ""],
  [{ states: "Failed,TimedOut", name: "Deploy", skip: "30" }, "name=Deploy&states=Failed%2CTimedOut"],
  [{ name: "Deploy", states: "Failed,TimedOut" }, "name=Deploy&states=Failed%2CTimedOut"],
  [{ partialName: "", add: "tenant" }, ""],
])("%o is filtered by %s", (search, query) => {
  expect(queryOf(search)).toBe(query);
});

test("a filter replaces the one of the same name", () => {
  const a = { name: "Failed", query: "states=Failed" };
  const b = { name: "Mine", query: "name=Deploy" };
  const next = { name: "failed", query: "states=TimedOut" };
  expect(withFilter([a, b], next)).toEqual([next, b]);
  expect(withFilter([a], b)).toEqual([a, b]);
});
