import { expect, test } from "vitest";
import { saidIn } from "./report";

test("the lines of a report are those of all its parts", () => {
  const line = (MessageText: string, Category = "Info") => ({ Category, MessageText });
  const Logs = [
    {
      Name: "web-1",
      LogElements: [line("reached")],
      Children: [{ LogElements: [line("disk is full", "Warning"), line("")] }],
    },
  ];
  expect(saidIn({ Logs })).toEqual([
    { category: "Info", text: "reached" },
    { category: "Warning", text: "disk is full" },
  ]);
  expect(saidIn(undefined)).toEqual([]);
  expect(saidIn({ Logs: null })).toEqual([]);
});
