import { expect, test } from "vitest";
import { diff, hunks } from "./difference";

const marks = { same: " ", added: "+", removed: "-" };
const drawn = (before: string, after: string) => diff(before, after).map((l) => marks[l.kind] + l.text);

test.each([
  ["a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
  ["", "a", ["+a"]],
  ["a", "", ["-a"]],
  ["a\nb", "b\na", ["-a", " b", "+a"]],
  ["a\na", "a", [" a", "-a"]],
])("%j to %j", (before, after, expected) => {
  expect(drawn(before, after)).toEqual(expected);
});

test("lines carry the numbers of their side", () => {
  expect(diff("a\nb", "a\nc").map((l) => [l.old, l.now])).toEqual([
    [1, 1],
    [2, undefined],
    [undefined, 2],
  ]);
});

test("far from changes lines are left out and counted", () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const after = lines.with(10, "other").join("\n");
  const parts = hunks(diff(lines.join("\n"), after), 2);
  expect(parts.map((p) => [p.skipped, p.lines.length])).toEqual([
    [8, 6],
    [7, 0],
  ]);
});
