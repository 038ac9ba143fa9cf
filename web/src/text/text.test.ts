import { expect, test } from "vitest";
import { many, t } from "./t";
import { ago, lasted, zoneAt } from "./time";

test("t fills in names and leaves unknown ones", () => {
  expect(t("Deploy {version} to {where}", { version: "1.2", where: "Test" })).toBe("Deploy 1.2 to Test");
  expect(t("{a} and {b}", { a: 0 })).toBe("0 and {b}");
});

test("many chooses the form", () => {
  expect(many(1, "{n} target", "{n} targets")).toBe("1 target");
  expect(many(1200, "{n} target", "{n} targets")).toBe("1,200 targets");
});

const now = new Date("2026-11-27T12:00:00Z");

test.each([
  ["2026-11-27T11:59:40Z", "just now"],
  ["2026-11-27T11:58:59Z", "1 min ago"],
  ["2026-11-27T01:00:00Z", "11 h ago"],
  ["2026-11-27T12:30:30Z", "in 30 min"],
  ["2026-11-20T12:00:00Z", "20 Nov"],
  ["2025-11-20T12:00:00Z", "20 Nov 2025"],
])("%s was %s", (at, want) => {
  expect(ago(new Date(at), now)).toBe(want);
});

test.each([
  [400, "< 1 s"],
  [65_000, "00:01:05"],
  [3_600_000 * 26, "26:00:00"],
])("%d ms lasted %s", (ms, want) => {
  expect(lasted(ms)).toBe(want);
});

test("the zone of a time is told", () => {
  expect(zoneAt("2026-11-27T12:00:00Z")).toMatch(/^[A-Z]/);
  expect(zoneAt("2026-11-27T12:00:00Z")).not.toMatch(/2026|,/);
});
