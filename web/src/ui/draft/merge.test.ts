import { expect, test } from "vitest";
import { changes, merge, moved, newId, same } from "./merge";

const item = (Id: string, value = "") => ({ Id, value });
const ids = (list: { Id: string }[]) => list.map((i) => i.Id).join("");

test.each([
  [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  ["1", 1, false],
])("%j and %j are the same: %s", (a, b, expected) => {
  expect(same(a, b)).toBe(expected);
  expect(same(b, a)).toBe(expected);
});

test("changes are those added, removed and changed", () => {
  const made = changes([item("a"), item("b"), item("c")], [item("a"), item("d"), item("c", "new")]);
  expect(made.map((c) => [c.id, Boolean(c.before), Boolean(c.after)])).toEqual([
    ["d", false, true],
    ["c", true, true],
    ["b", true, false],
  ]);
});

test("to add and to remove moves nothing", () => {
  expect(moved([item("a"), item("b")], [item("x"), item("b")])).toBe(false);
  expect(moved([item("a"), item("b")], [item("b"), item("a")])).toBe(true);
});

test("what only one has changed comes together", () => {
  const base = [item("a"), item("b"), item("c")];
  const m = merge(
    base,
    [item("a", "mine"), item("b"), item("c"), item("n")],
    [item("a"), item("x"), item("c", "theirs")],
  );
  expect(m.clashes).toEqual([]);
  expect(m.result({})).toEqual([item("a", "mine"), item("x"), item("c", "theirs"), item("n")]);
});

test("what both have changed is a clash, and each may win", () => {
  const m = merge([item("a")], [item("a", "mine")], [item("a", "theirs")]);
  expect(m.clashes).toHaveLength(1);
  expect(m.result({})).toEqual([item("a", "mine")]);
  expect(m.result({ a: "theirs" })).toEqual([item("a", "theirs")]);
});

test("the same change twice is none", () => {
  expect(merge([item("a")], [item("a", "x")], [item("a", "x")]).clashes).toEqual([]);
});

test("one removes what the other changes", () => {
  const m = merge([item("a"), item("b")], [item("b")], [item("a", "theirs"), item("b")]);
  expect(m.clashes).toHaveLength(1);
  expect(ids(m.result({}))).toBe("b");
  expect(m.result({ a: "theirs" })).toEqual([item("a", "theirs"), item("b")]);
});

test("my order stays, and what they added follows what it followed", () => {
  const m = merge(
    [item("a"), item("b"), item("c")],
    [item("c"), item("a"), item("b")],
    [item("a"), item("n"), item("b"), item("c")],
  );
  expect(ids(m.result({}))).toBe("canb");
});

test("new ids are guids, each another", () => {
  expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId()).not.toBe(newId());
});
