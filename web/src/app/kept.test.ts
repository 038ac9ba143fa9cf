import { expect, test } from "vitest";
import { listOf } from "./kept";

test.each([
  ["", []],
  ['["Projects-1"]', ["Projects-1"]],
  ['{"a":1}', []],
  ["null", []],
  ["[cut off", []],
])("%s is read as a list", (text, list) => {
  expect(listOf(text)).toEqual(list);
});
