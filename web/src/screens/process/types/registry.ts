// The step types that have a form of their own. Others are edited as raw
// properties.
import {
  IconActivityHeartbeat,
  IconHandStop,
  IconMail,
  IconPackage,
  IconPackageExport,
  IconPuzzle,
  IconRocket,
  IconTerminal2,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { t } from "~/text/t";
import type { Action, NewAction, Properties } from "../steps";
import { DeployRelease } from "./DeployRelease";
import { Email } from "./Email";
import { HealthCheck } from "./HealthCheck";
import { Manual } from "./Manual";
import { DeployPackage, TransferPackage } from "./Package";
import { Script } from "./Script";
import { Unknown } from "./Unknown";

// Where is where the work of a step can happen.
export type Where = "anywhere" | "targets" | "server";

export type StepType = {
  type: string;
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  where: Where;
  // retries and time limits do not apply to steps that wait or only look.
  repeats: boolean;
  properties: Properties;
  Form: ComponentType;
};

const types: StepType[] = [
  {
    type: "Octopus.Script",
    label: t("Run a script"),
    icon: IconTerminal2,
    where: "anywhere",
    repeats: true,
    properties: {
      "Octopus.Action.RunOnServer": "True",
      "Octopus.Action.Script.ScriptSource": "Inline",
      "Octopus.Action.Script.Syntax": "Bash",
      "Octopus.Action.Script.ScriptBody": "",
    },
    Form: Script,
  },
  {
    type: "Octopus.TentaclePackage",
    label: t("Deploy a package"),
    icon: IconPackage,
    where: "targets",
    repeats: true,
    properties: { "Octopus.Action.RunOnServer": "False", "Octopus.Action.Package.DownloadOnTentacle": "False" },
    Form: DeployPackage,
  },
  {
    type: "Octopus.TransferPackage",
    label: t("Transfer a package"),
    icon: IconPackageExport,
    where: "targets",
    repeats: true,
    properties: { "Octopus.Action.RunOnServer": "False", "Octopus.Action.Package.DownloadOnTentacle": "False" },
    Form: TransferPackage,
  },
  {
    type: "Octopus.Manual",
    label: t("Manual intervention"),
    icon: IconHandStop,
    where: "server",
    repeats: false,
    properties: { "Octopus.Action.RunOnServer": "True", "Octopus.Action.Manual.BlockConcurrentDeployments": "False" },
    Form: Manual,
  },
  {
    type: "Octopus.Email",
    label: t("Send an e-mail"),
    icon: IconMail,
    where: "server",
    repeats: false,
    properties: { "Octopus.Action.RunOnServer": "True", "Octopus.Action.Email.Priority": "Normal" },
    Form: Email,
  },
  {
    type: "Octopus.HealthCheck",
    label: t("Health check"),
    icon: IconActivityHeartbeat,
    where: "targets",
    repeats: false,
    properties: {
      "Octopus.Action.RunOnServer": "False",
      "Octopus.Action.HealthCheck.Type": "FullHealthCheck",
      "Octopus.Action.HealthCheck.ErrorHandling": "TreatExceptionsAsErrors",
      "Octopus.Action.HealthCheck.IncludeMachinesInDeployment": "DoNotAlterMachines",
    },
    Form: HealthCheck,
  },
  {
    type: "Octopus.DeployRelease",
    label: t("Deploy a release"),
    icon: IconRocket,
    where: "server",
    repeats: false,
    properties: { "Octopus.Action.RunOnServer": "True", "Octopus.Action.DeployRelease.DeploymentCondition": "Always" },
    Form: DeployRelease,
  },
];

const byType = new Map(types.map((s) => [s.type, s]));

// isKnown says that a type has a form of its own.
export const isKnown = (type: string) => byType.has(type);

export function typeOf(action: Pick<Action, "ActionType">): StepType {
  const known = byType.get(action.ActionType);
  if (known) return known;
  return {
    type: action.ActionType,
    label: action.ActionType.replace(/^Octopus\./, ""),
    icon: IconPuzzle,
    where: "anywhere",
    repeats: true,
    properties: {},
    Form: Unknown,
  };
}

// newOf is an action of a type as it begins.
export const newOf = (type: string): NewAction => ({
  ActionType: type,
  Properties: { ...typeOf({ ActionType: type }).properties },
});
