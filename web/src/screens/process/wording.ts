// What the members and properties of steps are called, as their forms say.
import { t } from "~/text/t";
import { typeOf } from "./types/registry";

const action = "Octopus.Action";

const known: Record<string, string> = {
  StartTrigger: t("It begins"),
  Condition: t("It runs when"),
  PackageRequirement: t("Packages are fetched"),
  Actions: t("Action"),
  ActionType: t("Kind of step"),
  IsDisabled: t("Disabled"),
  IsRequired: t("Required"),
  WorkerPoolId: t("Worker pool"),
  WorkerPoolVariable: t("Variable of the worker pool"),
  Container: t("Container"),
  FeedId: t("Feed"),
  PackageId: t("Package"),
  AcquisitionLocation: t("Fetched to"),
  Packages: t("Package"),
  Environments: t("Environments"),
  ExcludedEnvironments: t("Not in environments"),
  Channels: t("Only for channels"),
  TenantTags: t("Only for tenants with these tags"),
  [`${action}.TargetRoles`]: t("Target tags"),
  [`${action}.MaxParallelism`]: t("Targets at once"),
  [`${action}.RunOnServer`]: t("Runs on a worker"),
  [`${action}.ConditionVariableExpression`]: t("Expression"),
  "Octopus.Step.ConditionVariableExpression": t("Expression"),
  [`${action}.AutoRetry.MaximumCount`]: t("Retries"),
  [`${action}.AutoRetry.MinimumBackoff`]: t("Seconds before each"),
  [`${action}.ExecutionTimeout.Minutes`]: t("Time limit in minutes"),
  [`${action}.EnabledFeatures`]: t("Features"),
  [`${action}.FailScriptOnErrorOutput`]: t("Fails when the script writes to its error output"),
  [`${action}.Script.ScriptBody`]: t("Script"),
  [`${action}.Script.ScriptFileName`]: t("Script file"),
  [`${action}.Script.ScriptParameters`]: t("Parameters"),
  [`${action}.Script.ScriptSource`]: t("Source of the script"),
  [`${action}.Script.Syntax`]: t("Language"),
  [`${action}.Package.FeedId`]: t("Feed"),
  [`${action}.Package.PackageId`]: t("Package"),
  [`${action}.Package.DownloadOnTentacle`]: t("Fetched by the target"),
  [`${action}.Manual.Instructions`]: t("Instructions"),
  [`${action}.Manual.ResponsibleTeamIds`]: t("Responsible teams"),
  [`${action}.Manual.BlockConcurrentDeployments`]: t("Lets no other deployment begin meanwhile"),
  [`${action}.SubstituteInFiles.TargetFiles`]: t("Files with variables"),
  [`${action}.Template.Id`]: t("Step template"),
  [`${action}.Template.Version`]: t("Version of the step template"),
};

const isTrue = (value: unknown) => (String(value).toLowerCase() === "true" ? t("yes") : t("no"));

const meanings: Record<string, Record<string, string>> = {
  Condition: {
    Success: t("all steps before it succeeded"),
    Failure: t("a step before it failed"),
    Always: t("always"),
    Variable: t("an expression is true"),
  },
  StartTrigger: {
    StartAfterPrevious: t("after the step before it"),
    StartWithPrevious: t("together with the step before it"),
  },
  PackageRequirement: {
    LetOctopusDecide: t("when the server sees fit"),
    BeforePackageAcquisition: t("after this step"),
    AfterPackageAcquisition: t("before this step"),
  },
  AcquisitionLocation: {
    Server: t("the server, which sends it on"),
    ExecutionTarget: t("the target itself"),
    NotAcquired: t("nowhere; only its version is chosen"),
  },
  [`${action}.Script.ScriptSource`]: { Inline: t("written here"), Package: t("in a package") },
};

// meaningOf says what a value of a member or property means.
export function meaningOf(name: string, value: unknown): string {
  const text = String(value);
  if (name === "ActionType") return typeOf({ ActionType: text }).label;
  if (typeof value === "boolean" || /^(true|false)$/i.test(text)) return isTrue(value);
  return meanings[name]?.[text] ?? text;
}

// wordsOf names a member or a property. One that no form has is called by its
// name in words; what is no name of the product's, such as the parameter of a
// step template, stays as it is.
export function wordsOf(name: string): string {
  const words = known[name];
  if (words) return words;
  const [first, ...rest] = name.split(".");
  if (rest.length > 0 && first !== "Octopus") return name;
  const parts = (rest.length > 0 ? rest : [name]).filter((part) => part !== "Action");
  const text = parts.map(spaced).join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// spaced parts the words of a name: IsHtml is is html.
const spaced = (name: string) => name.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
