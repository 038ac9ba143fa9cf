// What the parts of the editor have in common: the steps, how they are changed,
// and what the server says of them.
import { createContext, useContext } from "react";
import { useGet } from "~/api/query";
import type { Channel, Project } from "~/api/wire";
import type { Action, Step } from "./steps";

export type Complaint = { step?: string; action?: string; property?: string; text: string };

export type Editor = {
  project: Project;
  runbook: boolean;
  steps: Step[];
  change: (change: (steps: Step[]) => Step[]) => void;
  mayEdit: boolean;
  complaints: Complaint[];
};

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("there is no process around this");
  return editor;
}

export type Focus = {
  step: Step;
  action: Action;
  changeStep: (change: (step: Step) => Step) => void;
  changeAction: (change: (action: Action) => Action) => void;
};

// FocusContext is the action that is being edited.
export const FocusContext = createContext<Focus | null>(null);

export function useFocus(): Focus {
  const focus = useContext(FocusContext);
  if (!focus) throw new Error("there is no action around this");
  return focus;
}

// systemVariables are those that every deployment has and scripts often read.
const systemVariables = [
  "Octopus.Action.Name",
  "Octopus.Action[].Output.",
  "Octopus.Deployment.Comments",
  "Octopus.Deployment.CreatedBy.DisplayName",
  "Octopus.Deployment.Error",
  "Octopus.Deployment.Id",
  "Octopus.Deployment.Name",
  "Octopus.Deployment.Tenant.Name",
  "Octopus.Environment.Id",
  "Octopus.Environment.Name",
  "Octopus.Machine.Hostname",
  "Octopus.Machine.Name",
  "Octopus.Project.Id",
  "Octopus.Project.Name",
  "Octopus.Release.Channel.Name",
  "Octopus.Release.Notes",
  "Octopus.Release.Number",
  "Octopus.Release.Previous.Number",
  "Octopus.Space.Name",
  "Octopus.Step.Name",
  "Octopus.Task.Id",
  "Octopus.Web.DeploymentLink",
];

// useVariableNames are the variables that can be named here, the project's own
// first.
export function useVariableNames(): string[] {
  const { project } = useEditor();
  // A step template belongs to no project.
  const asked = { query: { project: project.Id }, enabled: project.Id !== "" };
  const names = useGet("/api/{spaceId}/variables/names", {}, asked);
  return [...((names.data as unknown as string[] | undefined) ?? []), ...systemVariables];
}

export function useChannels(project: Project): Channel[] {
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: project.Id }, { query: { take: 1000 } });
  return channels.data?.Items ?? [];
}

// complaintsOf reads the server's sentences: which step or action they are
// about, and which property.
export function complaintsOf(sentences: string[], steps: Step[]): Complaint[] {
  return sentences.map((text) => {
    const [, kind, name] = /\b([Ss]tep|[Aa]ction) '([^']+)'/.exec(text) ?? [];
    const property = /\b(Octopus\.[\w.[\]]+\w)/.exec(text)?.[1];
    const used = /The name '([^']+)' is used/.exec(text)?.[1];
    const isNamed = (n: string) => n.toLowerCase() === (name ?? used)?.toLowerCase();
    const step = steps.find((s) => isNamed(s.Name) || s.Actions?.some((a) => isNamed(a.Name)));
    const action = step?.Actions?.find((a) => isNamed(a.Name));
    const whole = kind?.toLowerCase() === "step" && step && (step.Actions?.length ?? 0) > 1;
    const at = /^Steps\[(\d+)\](?:\.Actions\[(\d+)\])?\.?(\w+)?/.exec(text);
    if (at) {
      const there = steps[Number(at[1])];
      const child = there?.Actions?.[Number(at[2] ?? 0)];
      return { step: there?.Id, action: child?.Id, property: at[3], text };
    }
    return {
      step: step?.Id,
      action: whole ? undefined : (action ?? step?.Actions?.[0])?.Id,
      property: property ?? (used ? "Name" : undefined),
      text,
    };
  });
}
