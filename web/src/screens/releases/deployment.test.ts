import { expect, test } from "vitest";
import type { Wire } from "~/api/wire";
import { momentOf } from "../freezes/freezes";
import { answers, executionOf, heldBack, nothing, type Place, tenantPlaces, unanswered, valueKey } from "./deployment";
import { thawed } from "./Frozen";

const place: Place = { environment: "Environments-1", tenant: "" };
const preview = {
  StepsToExecute: [{ ActionId: "a" }],
  UseGuidedFailureModeByDefault: true,
  Form: {
    Values: { "1": "given", "2": "" },
    Elements: [
      { Name: "1", IsValueRequired: true, Control: { Label: "One" } },
      { Name: "2", IsValueRequired: false, Control: { Label: "Two", Required: true } },
    ],
  },
} as unknown as Wire<"RunPreview">;

test("a question has the answer that was given, or the one that is there", () => {
  const values = { [valueKey(place, "2")]: "typed", [valueKey({ ...place, tenant: "Tenants-1" }, "1")]: "other" };
  expect(answers(place, preview.Form, values)).toEqual({ "1": "given", "2": "typed" });
  expect(unanswered(place, preview.Form, values)).toEqual([]);
  expect(unanswered(place, preview.Form, {})).toEqual(["Two"]);
});

test("steps are skipped where they would run, and machines left out as said", () => {
  const choice = { ...nothing, skipped: ["a", "b"], machines: ["M-1"], machineMode: "except" as const };
  const body = executionOf(place, preview, choice);
  expect(body.SkipActions).toEqual(["a"]);
  expect([body.SpecificMachineIds, body.ExcludedMachineIds]).toEqual([[], ["M-1"]]);
  expect([body.UseGuidedFailure, body.QueueTime, body.TenantId]).toEqual([true, null, null]);
  expect(executionOf(place, preview, { ...nothing, guided: "off" }).UseGuidedFailure).toBe(false);
});

test("a deployment for later has its time in UTC", () => {
  const later = "2026-11-27T10:00";
  expect(executionOf(place, undefined, { ...nothing, later }).QueueTime).toBe(new Date(later).toISOString());
});

test("tenants go to those of the chosen environments that are open to them", () => {
  const to = (...ids: string[]) => ids.map((Id) => ({ Id, Name: Id, Links: {} }));
  const offered = [
    { Id: "T1", PromoteTo: to("E1", "E2") },
    { Id: "T2", PromoteTo: to("E2") },
    { Id: "T3", PromoteTo: to("E1") },
  ];
  expect(tenantPlaces(offered, ["E1"], ["T1", "T2", "T1"])).toEqual([{ environment: "E1", tenant: "T1" }]);
  expect(tenantPlaces(offered, ["E1", "E2"], ["T2", "T3", "gone"])).toEqual([
    { environment: "E2", tenant: "T2" },
    { environment: "E1", tenant: "T3" },
  ]);
});

test("freezes are gathered with the places that they hold back, and overridden only when that is chosen", () => {
  const holidays = { Id: "F1", Name: "Holidays", Description: "", Until: "2026-12-27T00:00:00Z" };
  const audit = { ...holidays, Id: "F2", Name: "Audit" };
  expect(heldBack(["Test", "Production", "Asia"], [[], [holidays, audit], [holidays]])).toEqual([
    { freeze: holidays, places: ["Production", "Asia"] },
    { freeze: audit, places: ["Production"] },
  ]);
  const inSpite = { ...nothing, inSpite: true, reason: "it burns" };
  expect(executionOf(place, undefined, inSpite, [holidays, audit])).toMatchObject({
    DeploymentFreezeIds: ["F1", "F2"],
    OverrideReason: "it burns",
  });
  for (const body of [executionOf(place, undefined, inSpite, []), executionOf(place, undefined, nothing, [holidays])]) {
    expect(body).not.toHaveProperty("DeploymentFreezeIds");
  }
});

test("what waits for freezes begins when the last has ended", () => {
  const ends = ["2026-12-27T00:00:00Z", "2026-12-27T00:10:01Z"].map((Until) => ({ Until }));
  expect(momentOf(thawed(ends))).toBe("2026-12-27T00:11:00.000Z");
});
