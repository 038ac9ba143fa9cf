// What somebody chooses in the script console, and what the server is asked for.
import type { Wire } from "~/api/wire";

export type Choice = {
  on: "targets" | "workers";
  machines: string[];
  environments: string[];
  tags: string[];
  workers: string[];
  pools: string[];
  syntax: string;
  script: string;
};

export const nothing: Choice = {
  on: "targets",
  machines: [],
  environments: [],
  tags: [],
  workers: [],
  pools: [],
  syntax: "Bash",
  script: "",
};

type Arguments = {
  MachineIds?: string[];
  EnvironmentIds?: string[];
  TargetRoles?: string[];
  WorkerIds?: string[];
  WorkerPoolIds?: string[];
  ScriptBody?: string;
  Syntax?: string;
};

// argumentsOf is what a task is asked to do.
export function argumentsOf(c: Choice): Arguments & { TargetType: string } {
  const what = { ScriptBody: c.script, Syntax: c.syntax };
  return c.on === "workers"
    ? { ...what, TargetType: "Workers", WorkerIds: c.workers, WorkerPoolIds: c.pools }
    : {
        ...what,
        TargetType: "Machines",
        MachineIds: c.machines,
        EnvironmentIds: c.environments,
        TargetRoles: c.tags,
      };
}

// choiceOf is what a task was asked to do, to be changed and asked for again.
export function choiceOf(args: Arguments): Choice {
  const workers = args.WorkerIds ?? [];
  const pools = args.WorkerPoolIds ?? [];
  return {
    on: workers.length + pools.length > 0 ? "workers" : "targets",
    machines: args.MachineIds ?? [],
    environments: args.EnvironmentIds ?? [],
    tags: args.TargetRoles ?? [],
    workers,
    pools,
    syntax: args.Syntax ?? "Bash",
    script: args.ScriptBody ?? "",
  };
}

type Target = Pick<Wire<"Machine">, "Id" | "Name" | "IsDisabled" | "EnvironmentIds" | "Roles">;
type Worker = Pick<Wire<"Worker">, "Id" | "Name" | "IsDisabled" | "WorkerPoolIds">;

const among = (wanted: string[], list: string[] | null) => wanted.length === 0 || wanted.some((w) => list?.includes(w));

// meant names the machines that a choice means, by the server's rules.
export function meant(c: Choice, targets: Target[], workers: Worker[]): string[] {
  if (c.on === "workers") {
    return workers
      .filter((w) => !w.IsDisabled)
      .filter((w) => c.workers.includes(w.Id) || (c.pools.length > 0 && among(c.pools, w.WorkerPoolIds)))
      .map((w) => w.Name);
  }
  if (c.machines.length + c.environments.length + c.tags.length === 0) return [];
  return targets
    .filter((m) => !m.IsDisabled && (c.machines.length === 0 || c.machines.includes(m.Id)))
    .filter((m) => among(c.environments, m.EnvironmentIds) && among(c.tags, m.Roles))
    .map((m) => m.Name);
}
