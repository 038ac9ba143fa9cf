import { expect, test } from "vitest";
import { placeOf, textOf } from "./event";

test("members are named by their way through the document", () => {
  expect(placeOf("/Steps/0/Name")).toBe("Steps › 0 › Name");
  expect(placeOf("Name")).toBe("Name");
});

test("values are shown as people read them", () => {
  expect(textOf("two\nlines")).toBe("two\nlines");
  expect(textOf(null)).toBe("");
  expect(textOf(false)).toBe("false");
  expect(textOf(["a"])).toBe('[\n  "a"\n]');
});
