import { expect, test } from "vitest";
import { figuresOf, heightOf, tookOf } from "./recent";

const ran = (State: string, seconds: number) => ({
  State,
  StartTime: "2026-01-01T00:00:00Z",
  CompletedTime: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString(),
});

test("what was canceled or goes on says nothing of how reliable a project is", () => {
  const tasks = [
    ran("Success", 30),
    ran("Canceled", 1),
    ran("Failed", 4),
    { ...ran("Executing", 0), CompletedTime: "" },
  ];
  expect(figuresOf(tasks)).toEqual({ succeeded: 1, counted: 2, usual: 30_000 });
  expect(figuresOf([])).toEqual({ succeeded: 0, counted: 0, usual: undefined });
});

test("the usual time is that in the middle, not the average", () => {
  expect(figuresOf([ran("Success", 10), ran("Success", 500), ran("Success", 12)]).usual).toBe(12_000);
});

test("the longest bar is full, the shortest still seen", () => {
  expect([0, 1, 25, 100].map((s) => heightOf(s * 1000, 100_000))).toEqual([0.12, 0.12, 0.5, 1]);
  expect(heightOf(0, 0)).toBe(0.12);
  expect(tookOf({ State: "Queued", StartTime: null, CompletedTime: null })).toBe(0);
});
