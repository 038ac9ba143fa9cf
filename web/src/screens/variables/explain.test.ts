import { expect, test } from "vitest";
import { explain, type Place, substituted } from "./explain";
import type { Sourced } from "./sources";
import { blank, type Scope, type Variable } from "./variables";

const nowhere: Place = {
  environment: "",
  machine: "",
  action: "",
  channel: "",
  process: "",
  machineTags: [],
  stepTags: [],
  tenantTags: [],
};
const place: Place = {
  ...nowhere,
  environment: "Prod",
  machine: "M1",
  machineTags: ["web"],
  stepTags: ["web"],
  channel: "C1",
  action: "A1",
};

const value = (id: string, scope: Partial<Scope> = {}, library = false): Sourced => ({
  variable: { ...blank({ Name: "x", Value: id, Scope: scope as Scope }), Id: id },
  source: { id: library ? "L" : "P", name: "", library, set: {} as never },
});

const outcomes = (values: Sourced[], at = place) =>
  explain(values, at).verdicts.map((v) => `${v.value.variable.Id} ${v.outcome}`);

test.each([
  ["scoped beats unscoped", [value("all"), value("prod", { Environment: ["Prod"] })], ["prod wins", "all outranked"]],
  [
    "a tag beats an environment",
    [value("prod", { Environment: ["Prod"] }), value("web", { Role: ["web"] })],
    ["web wins", "prod outranked"],
  ],
  [
    "both beat one",
    [value("web", { Role: ["web"] }), value("both", { Role: ["web"], Environment: ["Prod"] })],
    ["both wins", "web outranked"],
  ],
  [
    "a step beats all else",
    [value("m", { Machine: ["M1"], Environment: ["Prod"] }), value("a", { Action: ["A1"] })],
    ["a wins", "m outranked"],
  ],
  ["any of a dimension will do", [value("any", { Environment: ["Dev", "Prod"] })], ["any wins"]],
  ["all dimensions must match", [value("no", { Environment: ["Prod"], Channel: ["C2"] })], ["no elsewhere"]],
  ["the project's own beats the library's", [value("lib", {}, true), value("own")], ["own wins", "lib outranked"]],
  [
    "a scoped library value beats an unscoped own one",
    [value("own"), value("lib", { Environment: ["Prod"] }, true)],
    ["lib wins", "own outranked"],
  ],
  ["the same scope twice is not clear", [value("a"), value("b")], ["a wins", "b tied"]],
])("%s", (_, values, expected) => {
  expect(outcomes(values)).toEqual(expected);
});

test("what is not chosen matches nothing that is limited to it", () => {
  expect(outcomes([value("prod", { Environment: ["Prod"] })], nowhere)).toEqual(["prod elsewhere"]);
  expect(explain([value("prod", { Environment: ["Prod"] })], nowhere).winner).toBeUndefined();
});

test("values that name others are filled in, secrets are not", () => {
  const all = new Map<string, Variable>(
    [
      blank({ Name: "Host", Value: "db.#{Zone}" }),
      blank({ Name: "Zone", Value: "eu" }),
      blank({ Name: "Key", Value: null, Type: "Sensitive" }),
      blank({ Name: "Loop", Value: "#{Loop}" }),
    ].map((v) => [v.Name.toLowerCase(), v]),
  );
  expect(substituted("tcp://#{host}:#{Port}/#{Key}", all)).toBe("tcp://db.eu:#{Port}/#{Key}");
  expect(substituted("#{Loop}", all)).toBe("#{Loop}");
});
