import { expect, test } from "vitest";
import { beginning, callOf, momentOf, timeOf, whatsFor, whatWords, whens, whenWords } from "./triggers";

test("a time of day goes through a moment and back", () => {
  expect(timeOf(momentOf("07:30"))).toBe("07:30");
  expect(timeOf("2026-03-01T22:05:00.000+00:00")).toBe("22:05");
  expect(momentOf("")).toBeNull();
  expect(timeOf(null)).toBe("");
});

test.each([
  ["OnceDailySchedule", "every day at 09:00 (UTC)"],
  ["ContinuousDailySchedule", "every 1 h, every day from 08:00 to 18:00 (UTC)"],
  ["CronExpressionSchedule", "0 0 6 * * Mon-Fri (UTC)"],
  ["MachineFilter", "A target becomes available"],
  ["WebhookFilter", "Its address is called (webhook)"],
  ["SomethingNew", "SomethingNew"],
])("%s is said as: %s", (when, expected) => {
  expect(whenWords(beginning(when))).toBe(expected);
});

test("days are named when they are not all", () => {
  expect(whenWords({ ...beginning("OnceDailySchedule"), DaysOfWeek: ["Monday", "Friday"] })).toBe(
    "Mon, Fri at 09:00 (UTC)",
  );
});

test("what is done names where", () => {
  const name = (id: string) => id.toUpperCase();
  expect(
    whatWords(
      { ActionType: "DeployLatestRelease", SourceEnvironmentIds: ["a", "b"], DestinationEnvironmentId: "c" } as never,
      name,
    ),
  ).toBe("Deploy the latest release of A, B to C");
});

test("every occasion has something to do", () => {
  for (const { value } of whens) expect(whatsFor(value).length).toBeGreaterThan(0);
});

test("a webhook begins with a secret of its own, and says how it is called", () => {
  const secret = beginning("WebhookFilter").Secret?.NewValue;
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(secret).not.toBe(beginning("WebhookFilter").Secret?.NewValue);
  expect(callOf("http://x/y", false, "abc")).toBe("curl -X POST -H 'X-Octopus-Webhook-Secret: abc' 'http://x/y'");
  expect(callOf("http://x/y", true, null)).toContain("X-Octopus-ApiKey: API-…");
});
