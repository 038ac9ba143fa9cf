import { expect, test } from "vitest";
import { ageOf, before } from "./timeline";

const now = new Date(2026, 10, 28, 0, 30);

test.each([
  [new Date(2026, 10, 28, 0, 1), "Today"],
  [new Date(2026, 10, 27, 23, 59), "Yesterday"],
  [new Date(2026, 10, 22, 12), "In the last 7 days"],
  [new Date(2026, 10, 21, 23), "In the last 30 days"],
  [new Date(2026, 9, 30), "In the last 30 days"],
  [new Date(2026, 9, 28), "Earlier"],
])("what was at %s stands below %s", (at, want) => {
  expect(ageOf(at.toISOString(), now)).toBe(want);
});

const past = (...of: string[]) =>
  of.map((word) => ({
    ReleaseId: word.slice(1),
    State: { "+": "Success", "!": "Failed", "?": undefined }[word[0] ?? ""],
  }));

test.each([
  ["the release before the last", past("+3", "+2", "+1"), "2"],
  ["what was there before one that failed", past("!3", "+2"), "2"],
  ["nothing that has failed", past("+3", "!2", "+1"), "1"],
  ["what was gone back from", past("+1", "+2", "+1"), "2"],
  ["nothing of which no state is known", past("+2", "?1"), undefined],
  ["nothing where one release has been", past("+1", "!1"), undefined],
  ["nothing where nothing has been", [], undefined],
])("one goes back to %s", (_, history, want) => {
  expect(before(history)?.ReleaseId).toBe(want);
});
