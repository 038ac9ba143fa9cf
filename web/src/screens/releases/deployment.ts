// What somebody chooses when they deploy, and the deployments that follow.
import type { Draft } from "~/api/client";
import type { Deployment, Wire } from "~/api/wire";

// Place is one deployment to make: an environment, and a tenant if for one.
export type Place = { environment: string; tenant: string };

export const keyOf = ({ environment, tenant }: Place) => `${environment}|${tenant}`;

type Promotion = Pick<Wire<"TenantPromotion">, "Id" | "PromoteTo">;

// tenantPlaces are the places of tenants in those of some environments to which
// they can go at present.
export function tenantPlaces(offered: Promotion[], environments: string[], tenants: string[]): Place[] {
  const chosen = new Set(tenants);
  return offered
    .filter((x) => chosen.has(x.Id))
    .flatMap((x) =>
      (x.PromoteTo ?? []).filter((e) => environments.includes(e.Id)).map((e) => ({ environment: e.Id, tenant: x.Id })),
    );
}

export type Choice = {
  places: Place[];
  // values are answers to prompts, by the place and the name of the question.
  values: Record<string, string>;
  skipped: string[];
  machines: string[];
  machineMode: "all" | "only" | "except";
  guided: "default" | "on" | "off";
  later: string; // a local date and time; "" for now
  forceDownload: boolean;
  comments: string;
  // inSpite of freezes that hold, for a reason.
  inSpite: boolean;
  reason: string;
};

export const nothing: Choice = {
  places: [],
  values: {},
  skipped: [],
  machines: [],
  machineMode: "all",
  guided: "default",
  later: "",
  forceDownload: false,
  comments: "",
  inSpite: false,
  reason: "",
};

export const valueKey = (place: Place, question: string) => `${keyOf(place)}|${question}`;

type Questions = Wire<"Form"> | undefined;

// answers gives a form's values as they are and as somebody has changed them.
export function answers(place: Place, form: Questions, values: Choice["values"]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const { Name } of form?.Elements ?? []) {
    all[Name] = values[valueKey(place, Name)] ?? form?.Values?.[Name] ?? "";
  }
  return all;
}

// unanswered names the questions that need an answer and have none.
export function unanswered(place: Place, form: Questions, values: Choice["values"]): string[] {
  const given = answers(place, form, values);
  return (form?.Elements ?? [])
    .filter((e) => (e.Control.Required || e.IsValueRequired) && !given[e.Name])
    .map((e) => e.Control.Label || e.Name);
}

// Foreseen is what a preview says of a deployment or a run of a runbook.
// Freezes hold back deployments alone.
export type Foreseen = Wire<"RunPreview"> & Partial<Pick<Wire<"Preview">, "Freezes">>;

export type Freeze = Wire<"FreezeInForce">;

// heldBack gathers the freezes that hold at places, by the names of the places.
export function heldBack(names: string[], freezes: (Freeze[] | null | undefined)[]) {
  const all = new Map<string, { freeze: Freeze; places: string[] }>();
  names.forEach((name, i) => {
    for (const freeze of freezes[i] ?? []) {
      const held = all.get(freeze.Id) ?? { freeze, places: [] };
      all.set(freeze.Id, { ...held, places: [...held.places, name] });
    }
  });
  return [...all.values()];
}

// Execution is what deployments and runs have in common when they are asked for.
export type Execution = Draft<Omit<Deployment, "ReleaseId">> & {
  DeploymentFreezeIds?: string[];
  OverrideReason?: string;
};

// executionOf is what to ask for at a place.
export function executionOf(
  place: Place,
  preview: Foreseen | undefined,
  c: Choice,
  freezes: Freeze[] | null = [],
): Execution {
  const overridden = c.inSpite && freezes?.length ? freezes : undefined;
  return {
    EnvironmentId: place.environment,
    TenantId: place.tenant || null,
    FormValues: answers(place, preview?.Form, c.values),
    SkipActions: c.skipped.filter((id) => preview?.StepsToExecute?.some((s) => s.ActionId === id)),
    SpecificMachineIds: c.machineMode === "only" ? c.machines : [],
    ExcludedMachineIds: c.machineMode === "except" ? c.machines : [],
    UseGuidedFailure: c.guided === "default" ? (preview?.UseGuidedFailureModeByDefault ?? false) : c.guided === "on",
    ForcePackageDownload: c.forceDownload,
    QueueTime: c.later ? new Date(c.later).toISOString() : null,
    Comments: c.comments,
    ...(overridden && { DeploymentFreezeIds: overridden.map((f) => f.Id), OverrideReason: c.reason }),
  };
}
