import { expect, test } from "vitest";
import { argumentsOf, choiceOf, meant, nothing } from "./choice";

const targets = [
  { Id: "M1", Name: "web-1", IsDisabled: false, EnvironmentIds: ["E1"], Roles: ["web"] },
  { Id: "M2", Name: "db-1", IsDisabled: false, EnvironmentIds: ["E1", "E2"], Roles: ["db"] },
  { Id: "M3", Name: "off-1", IsDisabled: true, EnvironmentIds: ["E1"], Roles: ["web"] },
];
const workers = [{ Id: "W1", Name: "worker-1", IsDisabled: false, WorkerPoolIds: ["P1"] }];

test.each([
  ["nothing chosen means nothing", {}, []],
  ["an environment", { environments: ["E1"] }, ["web-1", "db-1"]],
  ["a tag", { tags: ["web"] }, ["web-1"]],
  ["both must hold", { environments: ["E2"], tags: ["web"] }, []],
  ["a machine", { machines: ["M2"] }, ["db-1"]],
  ["a pool", { on: "workers" as const, pools: ["P1"] }, ["worker-1"]],
  ["a worker", { on: "workers" as const, workers: ["W1"] }, ["worker-1"]],
  ["no worker", { on: "workers" as const, machines: ["M1"] }, []],
])("which machines are meant: %s", (_, change, names) => {
  expect(meant({ ...nothing, ...change }, targets, workers)).toEqual(names);
});

test.each([
  ["targets", { ...nothing, environments: ["E1"], tags: ["web"], script: "date" }],
  ["workers", { ...nothing, on: "workers" as const, pools: ["P1"], syntax: "Python", script: "print(1)" }],
])("what was asked for is chosen again: %s", (_, choice) => {
  expect(choiceOf(argumentsOf(choice))).toEqual(choice);
});
