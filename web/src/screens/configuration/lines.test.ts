import { expect, test } from "vitest";
import { fits, type Line } from "./lines";

const line = (Category: string): Line => ({
  Number: 1,
  Category,
  OccurredAt: "2026-01-01T00:00:00Z",
  MessageText: "the stream was cut",
  Detail: "client=10.0.0.1",
});

test.each([
  ["Info", "", "", true],
  ["Info", "", "Warning", false],
  ["Warning", "", "Warning", true],
  ["Warning", "", "Error", false],
  ["Fatal", "", "Error", true],
  ["Info", "Stream 10.0", "", true],
  ["Info", "stream 10.1", "", false],
  ["Error", " cut ", "Warning", true],
])("a line of %s is looked for by %j at level %j: %s", (category, words, level, found) => {
  expect(fits(line(category), words, level)).toBe(found);
});
