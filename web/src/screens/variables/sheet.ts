// What the parts of the grid have in common.
import { createContext, useContext } from "react";
import { useGet } from "~/api/query";
import {
  type Dimension,
  dimensions,
  isSensitive,
  type Scope,
  type ScopeValues,
  scopeOf,
  types,
  type Variable,
  type Warning,
} from "./variables";

export type Sheet = {
  variables: Variable[];
  base: Variable[];
  values: ScopeValues | null;
  warnings: Map<string, Warning>;
  mayEdit: boolean;
  change: (change: (all: Variable[]) => Variable[]) => void;
  // open shows everything about a variable.
  open: (id: string) => void;
  // names are those that expressions may use.
  names: string[];
};

export const SheetContext = createContext<Sheet | null>(null);

export function useSheet(): Sheet {
  const sheet = useContext(SheetContext);
  if (!sheet) throw new Error("there are no variables around this");
  return sheet;
}

// nameIn gives the name of what a scope names.
export function nameIn(values: ScopeValues | null, dimension: Dimension, id: string): string {
  const list = dimensions.find((d) => d.name === dimension)?.values;
  return (list && values?.[list]?.find((v) => v.Id === id)?.Name) || id;
}

// scopeWords is a scope as a sentence would have it.
export function scopeWords(values: ScopeValues | null, scope: Scope | null): string {
  return scopeOf(scope)
    .map(({ dimension, id }) => nameIn(values, dimension, id))
    .join(", ");
}

// useValueChoices gives the names of accounts, certificates and pools by id, for
// values that are ids.
export function useValueChoices(type: string): { value: string; label: string }[] {
  const account = types.find((t) => t.value === type)?.account;
  const accounts = useGet("/api/{spaceId}/accounts/all", {}, { enabled: Boolean(account) });
  const certificates = useGet("/api/{spaceId}/certificates/all", {}, { enabled: type === "Certificate" });
  const pools = useGet("/api/{spaceId}/workerpools/all", {}, { enabled: type === "WorkerPool" });
  const list = account
    ? (accounts.data ?? []).filter((a) => a.AccountType.startsWith(account))
    : type === "Certificate"
      ? certificates.data
      : type === "WorkerPool"
        ? pools.data
        : [];
  return (list ?? []).map((d) => ({ value: d.Id, label: d.Name }));
}

// written is a variable as lines, for differences.
export function written(v: Variable | undefined, values: ScopeValues | null): string {
  if (!v) return "";
  const lines: [string, string][] = [
    ["Name", v.Name],
    ["Type", v.Type === "String" ? "" : v.Type],
    ["Value", isSensitive(v) ? (v.Value === null ? "(secret, as it is)" : "(secret, replaced)") : (v.Value ?? "")],
    ["Scope", scopeWords(values, v.Scope)],
    ["Description", v.Description],
    [
      "Prompt",
      v.Prompt
        ? [v.Prompt.Label, v.Prompt.Description, v.Prompt.Required ? "required" : ""].filter(Boolean).join(", ")
        : "",
    ],
  ];
  return lines
    .filter(([name, text]) => text !== "" || name === "Value")
    .flatMap(([name, text]) =>
      text.includes("\n") ? [`${name}:`, ...text.split("\n").map((l) => `    ${l}`)] : [`${name}: ${text}`],
    )
    .join("\n");
}
