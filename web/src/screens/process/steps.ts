// What can be done to the steps of a process. What is not edited stays as the
// server has it, to the letter.
import type { Wire } from "~/api/wire";
import { newId } from "~/ui/draft/merge";

export type Step = Wire<"Step">;
export type Action = Wire<"Action">;
export type Properties = NonNullable<Action["Properties"]>;
export type Place = { step: Step; action: Action; number: string };

export const roles = "Octopus.Action.TargetRoles";
export const windowSize = "Octopus.Action.MaxParallelism";
export const onServer = "Octopus.Action.RunOnServer";

// textOf is a property that is a text; "" when there is none or it is secret.
export function textOf(properties: Properties | null | undefined, name: string): string {
  const value = properties?.[name];
  return typeof value === "string" ? value : "";
}

export const isTrue = (text: string) => text.toLowerCase() === "true";

// withProperty puts a property, and takes it away when it is "".
export function withProperty(
  properties: Properties | null,
  name: string,
  value: string | Properties[string],
): Properties {
  const next = { ...properties };
  if (value === "") delete next[name];
  else next[name] = value as Properties[string];
  return next;
}

export const listOf = (text: string) =>
  text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter(Boolean);

export const isRolling = (step: Step) => (step.Actions?.length ?? 0) > 1;

// places are all actions with their numbers: 2 for one that is alone in its
// step, 2.1 for a child.
export function places(steps: Step[]): Place[] {
  return steps.flatMap((step, i) =>
    (step.Actions ?? []).map((action, j) => ({
      step,
      action,
      number: isRolling(step) ? `${i + 1}.${j + 1}` : `${i + 1}`,
    })),
  );
}

export const withStep = (steps: Step[], id: string, change: (step: Step) => Step) =>
  steps.map((step) => (step.Id === id ? change(step) : step));

export const withAction = (steps: Step[], id: string, change: (action: Action) => Action) =>
  steps.map((step) =>
    step.Actions?.some((a) => a.Id === id)
      ? { ...step, Actions: step.Actions.map((a) => (a.Id === id ? change(a) : a)) }
      : step,
  );

// renamed gives an action a name; a step that is only about it is called so too.
export function renamed(steps: Step[], actionId: string, name: string): Step[] {
  return steps.map((step) => {
    const action = step.Actions?.find((a) => a.Id === actionId);
    if (!action) return step;
    const Actions = (step.Actions ?? []).map((a) => (a === action ? { ...a, Name: name } : a));
    const alone = Actions.length === 1 && step.Name === action.Name;
    return { ...step, Name: alone ? name : step.Name, Actions };
  });
}

function shifted<T>(list: T[], from: number, to: number): T[] {
  if (from < 0 || to < 0 || to >= list.length || from === to) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

// moveStep puts a step to a place in the process.
export const moveStep = (steps: Step[], id: string, to: number) =>
  shifted(
    steps,
    steps.findIndex((s) => s.Id === id),
    to,
  );

// moveAction puts a child to a place within its step.
export const moveAction = (steps: Step[], id: string, to: number) =>
  steps.map((step) => {
    const from = step.Actions?.findIndex((a) => a.Id === id) ?? -1;
    return from < 0 ? step : { ...step, Actions: shifted(step.Actions ?? [], from, to) };
  });

// remove takes an action away, and its step with the last one.
export const remove = (steps: Step[], actionId: string) =>
  steps.flatMap((step) => {
    const Actions = (step.Actions ?? []).filter((a) => a.Id !== actionId);
    if (Actions.length === (step.Actions?.length ?? 0)) return [step];
    if (Actions.length === 0) return [];
    return [{ ...step, Actions }];
  });

// free makes a name that no step and no action has.
export function free(steps: Step[], wish: string): string {
  const taken = new Set(
    steps.flatMap((s) => [s.Name, ...(s.Actions ?? []).map((a) => a.Name)]).map((n) => n.toLowerCase()),
  );
  let name = wish;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${wish} ${n}`;
  return name;
}

export type NewAction = Pick<Action, "ActionType" | "Properties"> & Partial<Action>;

// actionOf makes an action with what the server would fill in itself.
export function actionOf(name: string, made: NewAction): Action {
  return {
    Id: newId(),
    Name: name,
    Slug: "",
    Notes: "",
    IsDisabled: false,
    IsRequired: false,
    CanBeUsedForProjectVersioning: false,
    Condition: "Success",
    WorkerPoolId: "",
    WorkerPoolVariable: "",
    Environments: [],
    ExcludedEnvironments: [],
    Channels: [],
    TenantTags: [],
    Packages: [],
    GitDependencies: [],
    ...made,
  } as Action;
}

export function stepOf(action: Action, properties: Properties = {}): Step {
  return {
    Id: newId(),
    Name: action.Name,
    Slug: "",
    RequiresPackagesToBeAcquired: false,
    PackageRequirement: "LetOctopusDecide",
    Properties: properties,
    Condition: "Success",
    StartTrigger: "StartAfterPrevious",
    Actions: [action],
  };
}

// addChild puts another action into a step, which makes it a rolling one.
export const addChild = (steps: Step[], stepId: string, action: Action) =>
  withStep(steps, stepId, (step) => ({ ...step, Actions: [...(step.Actions ?? []), action] }));

const cloned = (steps: Step[], action: Action): Action => ({
  ...structuredClone(action),
  Id: newId(),
  Slug: "",
  Name: free(steps, `${action.Name} (copy)`),
  Packages: (action.Packages ?? []).map((p) => ({ ...p, Id: newId() })),
});

// clone puts a copy of an action after it; one that is alone is copied with its
// step.
export function clone(steps: Step[], actionId: string): { steps: Step[]; made: string } {
  let made = "";
  const next = steps.flatMap((step) => {
    const at = step.Actions?.findIndex((a) => a.Id === actionId) ?? -1;
    const action = step.Actions?.[at];
    if (!action) return [step];
    const copy = cloned(steps, action);
    made = copy.Id;
    if (!isRolling(step)) {
      return [step, { ...structuredClone(step), Id: newId(), Slug: "", Name: copy.Name, Actions: [copy] }];
    }
    const Actions = [...(step.Actions ?? [])];
    Actions.splice(at + 1, 0, copy);
    return [{ ...step, Actions }];
  });
  return { steps: next, made };
}

// groups puts steps that run at the same time together.
export function groups(steps: Step[]): Step[][] {
  const made: Step[][] = [];
  for (const step of steps) {
    const last = made.at(-1);
    if (last && step.StartTrigger === "StartWithPrevious") last.push(step);
    else made.push([step]);
  }
  return made;
}
