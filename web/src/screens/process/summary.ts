// Sentences about steps, for lists and closed parts of forms.
import { many, t } from "~/text/t";
import { primary } from "./parts/PackageField";
import { backoff, retries, timeout } from "./parts/Trouble";
import { type Action, isRolling, isTrue, listOf, onServer, roles, type Step, textOf, windowSize } from "./steps";
import { typeOf } from "./types/registry";

export type Names = Map<string, string>;

const named = (names: Names, ids: string[] | null) => (ids ?? []).map((id) => names.get(id) ?? id).join(", ");

// whereOf says where an action runs.
export function whereOf(step: Step, action: Action): string {
  const { where } = typeOf(action);
  if (where === "server") return t("the server");
  const tags = listOf(textOf(step.Properties, roles)).join(", ");
  if (where === "anywhere" && isTrue(textOf(action.Properties, onServer))) {
    return tags ? t("a worker, for each of {tags}", { tags }) : t("a worker");
  }
  return tags || t("no target tags yet");
}

const whens: Record<string, string> = {
  Failure: t("when a step failed"),
  Always: t("always"),
  Variable: t("by an expression"),
};

// whenOf says when and for what an action runs, as far as that is special.
export function whenOf(step: Step, action: Action, names: Names): string[] {
  const words: string[] = [];
  const condition = whens[step.Condition];
  if (condition) words.push(condition);
  if (isRolling(step) && action.Condition === "Variable") words.push(t("child by an expression"));
  if (action.Environments?.length) words.push(t("only {names}", { names: named(names, action.Environments) }));
  if (action.ExcludedEnvironments?.length) {
    words.push(t("not {names}", { names: named(names, action.ExcludedEnvironments) }));
  }
  if (action.Channels?.length) words.push(t("channel {names}", { names: named(names, action.Channels) }));
  if (action.TenantTags?.length) words.push(action.TenantTags.join(", "));
  if (action.IsRequired) words.push(t("required"));
  return words;
}

// troubleOf says what happens when it fails or takes long.
export function troubleOf(action: Action): string {
  const of = (name: string) => textOf(action.Properties, name);
  const words: string[] = [];
  if (of(retries)) words.push(t("{n} retries", { n: of(retries) }));
  if (of(backoff)) words.push(t("{n} s apart", { n: of(backoff) }));
  if (of(timeout)) words.push(t("at most {n} min", { n: of(timeout) }));
  return words.join(", ") || t("no retries, no time limit");
}

export function windowOf(step: Step): string {
  const size = textOf(step.Properties, windowSize);
  return size ? t("{n} at once", { n: size }) : t("all targets at once");
}

export function packagesOf(action: Action): string {
  const n = (action.Packages ?? []).filter((p) => p.Name !== "").length;
  return n === 0 ? t("none") : many(n, "1 package", "{n} packages");
}

// aboutOf says what an action does, in a word or two.
export function aboutOf(action: Action): string {
  const type = typeOf(action);
  const own = primary(action)?.PackageId;
  if (own && type.type !== "Octopus.DeployRelease") return `${type.label}: ${own}`;
  const syntax = textOf(action.Properties, "Octopus.Action.Script.Syntax");
  if (type.type === "Octopus.Script" && syntax) return `${type.label}: ${syntax}`;
  return type.label;
}
