// The phases of a lifecycle while they are edited.
import type { Lifecycle, Wire } from "~/api/wire";
import { newId } from "~/ui/draft/merge";

export type Phase = Wire<"Phase">;
export type Period = Wire<"RetentionPeriod">;

// The server numbers phases itself; until then they need something to be known
// by, which is not sent.
const unsent = "new-";

export const newPhase = (name: string): Phase =>
  ({
    Id: `${unsent}${newId()}`,
    Name: name,
    AutomaticDeploymentTargets: [],
    OptionalDeploymentTargets: [],
    MinimumEnvironmentsBeforePromotion: 0,
    IsOptionalPhase: false,
    IsPriorityPhase: false,
    ReleaseRetentionPolicy: null,
    TentacleRetentionPolicy: null,
  }) as Phase;

export const sent = (lifecycle: Lifecycle): Lifecycle => ({
  ...lifecycle,
  Phases: (lifecycle.Phases ?? []).map((p) => (p.Id.startsWith(unsent) ? { ...p, Id: "" } : p)),
});

export const environmentsOf = (p: Phase) => [
  ...(p.AutomaticDeploymentTargets ?? []),
  ...(p.OptionalDeploymentTargets ?? []),
];

// withEnvironments puts the environments of a phase; those that were deployed
// to by themselves stay so.
export function withEnvironments(p: Phase, ids: string[]): Phase {
  const automatic = p.AutomaticDeploymentTargets ?? [];
  return {
    ...p,
    AutomaticDeploymentTargets: automatic.filter((id) => ids.includes(id)),
    OptionalDeploymentTargets: ids.filter((id) => !automatic.includes(id)),
  };
}

// withAutomatic says which environments of a phase are deployed to by
// themselves.
export function withAutomatic(p: Phase, ids: string[]): Phase {
  const all = environmentsOf(p);
  return {
    ...p,
    AutomaticDeploymentTargets: all.filter((id) => ids.includes(id)),
    OptionalDeploymentTargets: all.filter((id) => !ids.includes(id)),
  };
}

export function movePhase(phases: Phase[], from: number, to: number): Phase[] {
  if (to < 0 || to >= phases.length) return phases;
  const next = [...phases];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

// problemOf says what the server would refuse, before it is asked.
export function problemOf(phases: Phase[]): "unnamed" | "twice" | undefined {
  if (phases.some((p) => p.Name.trim() === "")) return "unnamed";
  const all = phases.flatMap(environmentsOf);
  return new Set(all).size < all.length ? "twice" : undefined;
}
