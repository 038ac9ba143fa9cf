// What can be done to the variables of a set.
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { newId, same } from "~/ui/draft/merge";

export type VariableSet = Wire<"VariableSet">;
export type Variable = Wire<"Variable">;
export type Scope = Variable["Scope"];
export type ScopeValues = Wire<"ScopeValues">;
export type Dimension = keyof Scope;

export const dimensions: { name: Dimension; label: string; values: keyof ScopeValues }[] = [
  { name: "Environment", label: t("Environments"), values: "Environments" },
  { name: "Role", label: t("Target tags"), values: "Roles" },
  { name: "Machine", label: t("Targets"), values: "Machines" },
  { name: "Action", label: t("Steps"), values: "Actions" },
  { name: "Channel", label: t("Channels"), values: "Channels" },
  { name: "TenantTag", label: t("Tenant tags"), values: "TenantTags" },
  { name: "ProcessOwner", label: t("Processes"), values: "Processes" },
];

export const types: { value: string; label: string; account?: string }[] = [
  { value: "String", label: t("Text") },
  { value: "Sensitive", label: t("Sensitive") },
  { value: "AmazonWebServicesAccount", label: t("AWS account"), account: "AmazonWebServicesAccount" },
  { value: "AzureAccount", label: t("Azure account"), account: "Azure" },
  { value: "GoogleCloudAccount", label: t("Google Cloud account"), account: "GoogleCloudAccount" },
  { value: "UsernamePasswordAccount", label: t("Username and password"), account: "UsernamePassword" },
  { value: "GenericOidcAccount", label: t("OpenID Connect account"), account: "GenericOidcAccount" },
  { value: "Certificate", label: t("Certificate") },
  { value: "WorkerPool", label: t("Worker pool") },
];

export const isSensitive = (v: Variable) => v.IsSensitive || v.Type === "Sensitive";
export const isText = (v: Variable) => v.Type === "String" || v.Type === "" || isSensitive(v);

// scopeOf lists what a value is limited to, dimension by dimension.
export const scopeOf = (scope: Scope | null | undefined) =>
  dimensions.flatMap(({ name }) => (scope?.[name] ?? []).map((id) => ({ dimension: name, id })));

export const isScoped = (v: Variable) => scopeOf(v.Scope).length > 0;

// withScope puts the values of one dimension; one without values goes.
export function withScope(scope: Scope | null, dimension: Dimension, ids: string[]): Scope {
  const next = { ...scope } as Scope;
  if (ids.length === 0) delete (next as Partial<Scope>)[dimension];
  else next[dimension] = ids;
  return next;
}

export const sameScope = (a: Scope | null, b: Scope | null) => {
  const keys = (s: Scope | null) =>
    scopeOf(s)
      .map((p) => `${p.dimension}:${p.id}`)
      .sort();
  return same(keys(a), keys(b));
};

// blank is a variable that is not stored yet.
export const blank = (made: Partial<Variable> = {}): Variable =>
  ({
    Id: newId(),
    Name: "",
    Value: "",
    Description: "",
    Type: "String",
    Scope: {},
    IsEditable: true,
    IsSensitive: false,
    Prompt: null,
    ...made,
  }) as Variable;

const key = (name: string) => name.trim().toLowerCase();

export type Group = { key: string; name: string; variables: Variable[]; isNew: boolean };

// grouped puts the values of one name together, in the order of names. Names
// that are new stand first, where they were added.
export function grouped(variables: Variable[], base: Variable[]): Group[] {
  const stored = new Map(base.map((v) => [v.Id, v.Name]));
  const groups = new Map<string, Group>();
  for (const v of variables) {
    // A row stays where it is while its name is being typed.
    const name = stored.get(v.Id) ?? v.Name;
    const id = stored.has(v.Id) || base.some((b) => key(b.Name) === key(v.Name)) ? key(name) : `new ${v.Id}`;
    const group = groups.get(id);
    if (group) group.variables.push(v);
    else groups.set(id, { key: id, name: v.Name, variables: [v], isNew: id.startsWith("new ") });
  }
  return [...groups.values()].sort((a, b) => {
    if (a.isNew !== b.isNew) return a.isNew ? -1 : 1;
    return a.isNew ? 0 : a.key.localeCompare(b.key);
  });
}

export const changeOne = (all: Variable[], id: string, change: (v: Variable) => Variable) =>
  all.map((v) => (v.Id === id ? change(v) : v));

// renameGroup renames all values of a name at once.
export function renameGroup(all: Variable[], ids: string[], name: string): Variable[] {
  return all.map((v) => (ids.includes(v.Id) ? { ...v, Name: name } : v));
}

// addValue puts another value of a name after the last one it has.
export function addValue(all: Variable[], like: Variable): { all: Variable[]; made: Variable } {
  const Value = isSensitive(like) ? null : "";
  const made = blank({ Name: like.Name, Type: like.Type, IsSensitive: like.IsSensitive, Value });
  const last = all.findLastIndex((v) => key(v.Name) === key(like.Name));
  return { all: all.toSpliced(last + 1, 0, made), made };
}

// withType makes a value one of another type. What was secret stays so; what
// was text becomes the secret.
export function withType(v: Variable, Type: string): Variable {
  const IsSensitive = Type === "Sensitive";
  const keeps = isText(v) && (Type === "String" || IsSensitive) && v.Value !== null;
  return { ...v, Type, IsSensitive, Value: keeps ? v.Value : IsSensitive ? null : "" };
}

export type Warning = "ambiguous" | "empty" | "unnamed";

// warningsOf says what looks like a mistake.
export function warningsOf(all: Variable[]): Map<string, Warning> {
  const found = new Map<string, Warning>();
  const byName = new Map<string, Variable[]>();
  for (const v of all) byName.set(key(v.Name), [...(byName.get(key(v.Name)) ?? []), v]);
  for (const [name, values] of byName) {
    for (const v of values) {
      if (name === "") found.set(v.Id, "unnamed");
      else if (values.some((o) => o.Id !== v.Id && sameScope(o.Scope, v.Scope))) found.set(v.Id, "ambiguous");
      else if (v.Value === "" && !isSensitive(v) && !v.Prompt) found.set(v.Id, "empty");
    }
  }
  return found;
}

export type Filter = { text: string; kind: string; environment: string };

// matching keeps what a filter asks for.
export function matching(
  all: Variable[],
  base: Variable[],
  filter: Filter,
  warnings: Map<string, Warning>,
): Variable[] {
  const before = new Map(base.map((v) => [v.Id, v]));
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const isKind = (v: Variable) => {
    switch (filter.kind) {
      case "sensitive":
        return isSensitive(v);
      case "prompted":
        return Boolean(v.Prompt);
      case "scoped":
        return isScoped(v);
      case "empty":
        return v.Value === "" && !isSensitive(v);
      case "warnings":
        return warnings.has(v.Id);
      case "changed":
        return !same(before.get(v.Id), v);
      default:
        return true;
    }
  };
  return all.filter((v) => {
    const environments = v.Scope?.Environment ?? [];
    if (filter.environment && environments.length > 0 && !environments.includes(filter.environment)) return false;
    const text = `${v.Name} ${isSensitive(v) ? "" : (v.Value ?? "")} ${v.Description}`.toLowerCase();
    return words.every((w) => text.includes(w)) && isKind(v);
  });
}
