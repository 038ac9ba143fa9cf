import { expect, test } from "vitest";
import { againOf, type Freeze, localOf, momentOf, stateOf } from "./freezes";

const now = Date.parse("2026-12-24T12:00:00Z");
const of = (Start: string, End: string, more = {}) => ({ Start, End, RecurringSchedule: null, ...more }) as Freeze;

test.each([
  [of("2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z"), "In force"],
  [of("2026-12-31T00:00:00Z", "2027-01-02T00:00:00Z"), "To come"],
  [of("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"), "Over"],
  [of("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", { RecurringSchedule: { Type: "Weekly" } }), "Comes again"],
])("%o is %s", (freeze, word) => {
  expect(stateOf(freeze, now).word).toBe(word);
});

test("how often one comes is said in words", () => {
  const every = (Type: string, Unit: number) => againOf({ RecurringSchedule: { Type, Unit } } as Freeze);
  expect([againOf(of("", "")), every("Weekly", 1), every("Daily", 3)]).toEqual(["Once", "Every week", "Every 3 days"]);
});

test("a moment goes through the fields unchanged", () => {
  const moment = "2026-12-24T18:30:00.000Z";
  expect(momentOf(localOf(moment))).toBe(moment);
  expect([localOf(null), momentOf("")]).toEqual(["", null]);
});
