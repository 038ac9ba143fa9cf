import { expect, test } from "vitest";
import type { Lifecycle } from "~/api/wire";
import { movePhase, newPhase, problemOf, sent, withAutomatic, withEnvironments } from "./phases";

test("environments keep whether they are deployed to by themselves", () => {
  const phase = { ...newPhase("a"), AutomaticDeploymentTargets: ["1"], OptionalDeploymentTargets: ["2"] };
  expect(withEnvironments(phase, ["2", "3", "1"])).toMatchObject({
    AutomaticDeploymentTargets: ["1"],
    OptionalDeploymentTargets: ["2", "3"],
  });
  expect(withEnvironments(phase, ["2"])).toMatchObject({
    AutomaticDeploymentTargets: [],
    OptionalDeploymentTargets: ["2"],
  });
  expect(withAutomatic(phase, ["2"])).toMatchObject({
    AutomaticDeploymentTargets: ["2"],
    OptionalDeploymentTargets: ["1"],
  });
});

test("phases that are new are sent without an id", () => {
  const stored = { ...newPhase("a"), Id: "Phases-1" };
  const { Phases } = sent({ Phases: [stored, newPhase("b")] } as Lifecycle);
  expect(Phases?.map((p) => p.Id)).toEqual(["Phases-1", ""]);
});

test("phases move within the list", () => {
  const names = (from: number, to: number) =>
    movePhase(["a", "b", "c"].map(newPhase), from, to)
      .map((p) => p.Name)
      .join("");
  expect([names(0, 2), names(2, 0), names(0, -1), names(2, 3)]).toEqual(["bca", "cab", "abc", "abc"]);
});

test("what the server would refuse is seen before", () => {
  const at = (name: string, ...ids: string[]) => ({ ...newPhase(name), OptionalDeploymentTargets: ids });
  expect(problemOf([at("a", "1"), at("b", "2")])).toBeUndefined();
  expect(problemOf([at("a", "1"), at(" ")])).toBe("unnamed");
  expect(problemOf([at("a", "1"), at("b", "1")])).toBe("twice");
});
