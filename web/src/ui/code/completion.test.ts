import { expect, test } from "vitest";
import { functions, offer } from "./completion";

const all = { variables: ["Api.Key", "Database:Host"] };

test.each([
  ["echo #{", "Bash", 7, "Api.Key"],
  ["echo #{Dat", "Bash", 7, "Api.Key"],
  ["#{if Api", "Text", 2, "Api.Key"],
  ['x=$(get_octopusvariable "Da', "Bash", 25, "Api.Key"],
  ['$OctopusParameters["', "PowerShell", 20, "Api.Key"],
  ['get_octopusvariable("', "Python", 21, "Api.Key"],
  ["  set_oct", "Bash", 2, "get_octopusvariable"],
  ["Set-Oct", "PowerShell", 0, "$OctopusParameters"],
] as const)("after %s in %s", (before, language, from, first) => {
  const made = offer(before, 0, language, all, false);
  expect(made?.from).toBe(from);
  expect(made?.options[0]?.label).toBe(first);
});

test("nothing is offered in the middle of nothing, unless asked for", () => {
  expect(offer("a", 0, "Bash", all, false)).toBeNull();
  expect(offer("", 0, "Bash", all, true)?.options).toHaveLength(functions.Bash?.length ?? 0);
  expect(offer("done #{x} ", 0, "Text", all, true)).toBeNull();
});

test("a substitution is closed when it is taken", () => {
  expect(offer("#{", 10, "Text", all, false)).toEqual({
    from: 12,
    options: [
      { label: "Api.Key", apply: "Api.Key}", type: "variable" },
      { label: "Database:Host", apply: "Database:Host}", type: "variable" },
    ],
  });
});
