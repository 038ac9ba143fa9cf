// What a tenant's values are made of, and which of them are missing.
import type { Wire } from "~/api/wire";

export type Values = Wire<"TenantVariables">;
export type Template = Wire<"Parameter">;
export type Value = string | { HasValue?: boolean; NewValue?: string | null; Hint?: string | null };

// kindOf is how a template wants to be asked for.
export const kindOf = (t: Template) => t.DisplaySettings?.["Octopus.ControlType"] ?? "SingleLineText";

export const isSecret = (value: unknown): value is Exclude<Value, string> =>
  typeof value === "object" && value !== null;

// isGiven reports whether there is a value; an empty text is none.
export function isGiven(value: unknown): boolean {
  if (isSecret(value)) return Boolean(value.HasValue || value.NewValue);
  return typeof value === "string" && value !== "";
}

// isMissing reports whether a template has neither a value nor a default one.
export const isMissing = (template: Template, value: unknown) => !isGiven(value) && !isGiven(template.DefaultValue);

// defaultText is what stands in a field that has no value of its own.
export function defaultText(template: Template): string {
  const value: unknown = template.DefaultValue;
  if (isSecret(value)) return value.HasValue ? "••••••••" : "";
  return typeof value === "string" ? value : "";
}

// put puts one value; "" takes it away, so that the default holds again.
function put(values: Record<string, unknown> | null, template: string, value: Value): Record<string, unknown> {
  const next = { ...values };
  if (value === "") delete next[template];
  else next[template] = value;
  return next;
}

export function withCommon(all: Values, set: string, template: string, value: Value): Values {
  const group = all.LibraryVariables?.[set];
  if (!group) return all;
  const changed = { ...group, Variables: put(group.Variables, template, value) };
  return { ...all, LibraryVariables: { ...all.LibraryVariables, [set]: changed as typeof group } };
}

export function withOwn(all: Values, project: string, environment: string, template: string, value: Value): Values {
  const group = all.ProjectVariables?.[project];
  if (!group) return all;
  const here = put(group.Variables?.[environment] ?? null, template, value);
  const changed = { ...group, Variables: { ...group.Variables, [environment]: here } };
  return { ...all, ProjectVariables: { ...all.ProjectVariables, [project]: changed as typeof group } };
}

// countMissing counts the values that are still to be given.
export function countMissing(all: Values): number {
  let count = 0;
  for (const group of Object.values(all.LibraryVariables ?? {})) {
    for (const x of group.Templates ?? []) if (isMissing(x, group.Variables?.[x.Id])) count++;
  }
  for (const group of Object.values(all.ProjectVariables ?? {})) {
    for (const here of Object.values(group.Variables ?? {})) {
      for (const x of group.Templates ?? []) if (isMissing(x, here?.[x.Id])) count++;
    }
  }
  return count;
}
