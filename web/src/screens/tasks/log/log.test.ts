import { expect, test } from "vitest";
import type { ActivityNode, LogLine } from "~/api/stream/events";
import { plainOf, spansOf } from "./ansi";
import { errors, matches, ordered, rowsOf, step } from "./rows";

const esc = "\x1b";

test.each([
  ["plain", [{ text: "plain" }]],
  [`${esc}[31merror:${esc}[0m no`, [{ text: "error:", colour: 1 }, { text: " no" }]],
  [
    `${esc}[1;92mok${esc}[22m go`,
    [
      { text: "ok", bold: true, colour: 2 },
      { text: " go", colour: 2 },
    ],
  ],
  [
    `${esc}[38;5;9mx${esc}[38;2;1;2;3my`,
    [
      { text: "x", colour: 1 },
      { text: "y", colour: 1 },
    ],
  ],
  [`${esc}[2K${esc}[1Aup${esc}]0;title\x07!`, [{ text: "up" }, { text: "!" }]],
  [
    "see https://a.b/c?d=e.",
    [{ text: "see " }, { text: "https://a.b/c?d=e", href: "https://a.b/c?d=e" }, { text: "." }],
  ],
  ["[ServerTasks-1](~/app#/tasks/ServerTasks-1)", [{ text: "ServerTasks-1", href: "#/tasks/ServerTasks-1" }]],
  ["[x](javascript:alert(1))", [{ text: "[x](javascript:alert(1))" }]],
])("%j is shown in parts", (line, want) => {
  expect(spansOf(line).map((s) => Object.fromEntries(Object.entries(s).filter(([, v]) => v !== undefined)))).toEqual(
    want,
  );
});

test("codes are no part of the text", () => {
  expect(plainOf(`${esc}[31merr${esc}[0mor\x07`)).toBe("error");
});

const node = (Id: string, Parent: string, Name: string) => ({ Id, Parent, Name, Status: "Success" }) as ActivityNode;
const nodes = [
  node("T", "", "Deploy"),
  node("T/1", "T", "Step 1: Build"),
  node("T/1@server", "T/1", "Server"),
  node("T/2", "T", "Step 2: Copy"),
  node("T/2@a", "T/2", "web-1"),
  node("T/2@b", "T/2", "web-2"),
];
const line = (number: number, Node: string, Category: string, MessageText = "") =>
  ({ Number: number, Node, Category, MessageText, Target: "", OccurredAt: "" }) as LogLine;
const lines = [
  line(1, "T/1@server", "Info", "hello"),
  line(2, "T/2@b", "Verbose"),
  line(3, "T/2@a", "Error", `${esc}[31mBad${esc}[0m thing`),
  line(4, "T/2@b", "Fatal"),
  line(5, "T/2@a", "Error"),
];

test("lines stand under the parts that wrote them", () => {
  const rows = rowsOf(nodes, lines, { level: "all", folded: new Set() });
  expect(rows.map((r) => (r.kind === "head" ? r.title : r.key))).toEqual([
    "Step 1: Build",
    1,
    "Step 2: Copy · web-1",
    3,
    5,
    "Step 2: Copy · web-2",
    2,
    4,
  ]);
});

test("what is folded or too quiet is left out; a part that is not known yet is there", () => {
  const rows = rowsOf(nodes, [...lines, line(6, "T/3@server", "Info")], { level: "info", folded: new Set(["T/2@a"]) });
  expect(rows.map((r) => (r.kind === "head" ? `${r.key} ${r.lines}` : r.key))).toEqual([
    "T/1@server 1",
    1,
    "T/2@a 2",
    "T/2@b 1",
    4,
    "T/3@server 1",
    6,
  ]);
});

test("a word is found in the text without its codes", () => {
  const rows = rowsOf(nodes, lines, { level: "all", folded: new Set() });
  expect(matches(rows, "bad THING")).toEqual([3]);
  expect(matches(rows, "")).toEqual([]);
});

test("errors are gone through run by run, round and round", () => {
  const rows = rowsOf(nodes, lines, { level: "all", folded: new Set() });
  expect(errors(rows)).toEqual([3, 7]);
  expect(step([3, 7], 3, false)).toBe(7);
  expect(step([3, 7], 7, false)).toBe(3);
  expect(step([3, 7], 3, true)).toBe(7);
  expect(step([], 0, false)).toBeUndefined();
});

test("parts come from the root down", () => {
  const mixed = [node("b@1", "b", "x"), node("a", "r", "a"), node("b", "r", "b"), node("r", "", "r")];
  expect(ordered(mixed).map((n) => n.Id)).toEqual(["r", "a", "b", "b@1"]);
});
