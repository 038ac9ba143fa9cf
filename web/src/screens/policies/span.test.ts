import { expect, test } from "vitest";
import { minutesOf, spanOf, words } from "./span";

test.each([
  ["01:00:00", 60, "1 hour"],
  ["1.02:30:00", 1590, "1 day 2 hours 30 minutes"],
  ["00:01:00", 1, "1 minute"],
  ["00:00:00", 0, "at once"],
])("%s is %d minutes, in words %s", (span, minutes, said) => {
  expect(minutesOf(span)).toBe(minutes);
  expect(spanOf(minutes)).toBe(span);
  expect(words(span)).toBe(said);
});
