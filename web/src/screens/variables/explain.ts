// Why a variable has the value it has at a place: which values apply there, and
// which of them is the most specific.
import { t } from "~/text/t";
import type { Sourced } from "./sources";
import { type Dimension, dimensions, isSensitive, type Variable } from "./variables";

// Place is where a variable is asked for; what is not chosen is "" or empty.
export type Place = {
  environment: string;
  machine: string;
  action: string;
  channel: string;
  process: string;
  // machineTags are those of the target, stepTags those that the step asks for.
  machineTags: string[];
  stepTags: string[];
  tenantTags: string[];
};

// The ways to limit a value, weakest first: the strongest decides, and each
// further one adds to it.
const order = [
  "Project",
  "ProcessOwner",
  "Channel",
  "Environment",
  "TenantTag",
  "Role",
  "StepRole",
  "Machine",
  "Action",
] as const;
type Field = (typeof order)[number];

const words: Record<Field, string> = {
  Project: t("the project's own"),
  ProcessOwner: t("process"),
  Channel: t("channel"),
  Environment: t("environment"),
  TenantTag: t("tenant tag"),
  Role: t("target tag"),
  StepRole: t("target tag that the step asks for"),
  Machine: t("target"),
  Action: t("step"),
};

export type Outcome = "wins" | "tied" | "outranked" | "elsewhere";
export type Verdict = { value: Sourced; outcome: Outcome; reason: string };
export type Explained = { name: string; winner: Sourced | undefined; verdicts: Verdict[] };

type Match = { fields: Field[]; lacks: Dimension[] };

function matched(v: Variable, place: Place): Match {
  const fields: Field[] = [];
  const lacks: Dimension[] = [];
  const meets = (ids: string[], here: string[]) =>
    ids.some((id) => here.some((h) => h.toLowerCase() === id.toLowerCase()));
  const here: Record<Dimension, string[]> = {
    Environment: [place.environment],
    Role: place.machineTags,
    Machine: [place.machine],
    Action: [place.action],
    Channel: [place.channel],
    TenantTag: place.tenantTags,
    ProcessOwner: [place.process],
  };
  for (const { name } of dimensions) {
    const ids = v.Scope?.[name] ?? [];
    if (ids.length === 0) continue;
    if (!meets(ids, here[name])) lacks.push(name);
    else if (name === "Role" && meets(ids, place.stepTags)) fields.push("StepRole");
    else fields.push(name);
  }
  return { fields, lacks };
}

const rank = (fields: Field[]) => fields.reduce((sum, f) => sum + 2 ** order.indexOf(f), 0);

// strongest is the field by which one set of fields beats another.
const strongest = (winner: Field[], loser: Field[]) =>
  order.toReversed().find((f) => winner.includes(f) !== loser.includes(f));

// explain judges all values of one name.
export function explain(values: Sourced[], place: Place): Explained {
  const judged = values.map((value) => {
    const match = matched(value.variable, place);
    const fields: Field[] = value.source.library ? match.fields : [...match.fields, "Project"];
    return { value, ...match, fields, rank: rank(fields) };
  });
  const applying = judged.filter((j) => j.lacks.length === 0).sort((a, b) => b.rank - a.rank);
  const [best] = applying;
  const rest = judged.filter((j) => j.lacks.length > 0);
  const scopes = (fields: Field[]) =>
    fields
      .filter((f) => f !== "Project")
      .map((f) => words[f])
      .join(", ");
  const verdicts: Verdict[] = applying.map((j): Verdict => {
    if (j === best) {
      const by = scopes(j.fields);
      const alone = applying.length === 1;
      if (alone)
        return {
          value: j.value,
          outcome: "wins",
          reason: by ? t("The only one that applies here, by its {by}.", { by }) : t("The only one that applies here."),
        };
      return {
        value: j.value,
        outcome: "wins",
        reason: by
          ? t("The most specific one, by its {by}.", { by })
          : t("It applies everywhere, and is the project's own."),
      };
    }
    if (best && j.rank === best.rank) {
      return {
        value: j.value,
        outcome: "tied",
        reason: t("As specific as the one that wins; which of them wins is not clear."),
      };
    }
    const by = best && strongest(best.fields, j.fields);
    return {
      value: j.value,
      outcome: "outranked",
      reason:
        by === "Project"
          ? t("It applies, but the project's own value wins over a library's.")
          : t("It applies, but the winner is more specific: it has a scope of {by}.", { by: by ? words[by] : "" }),
    };
  });
  for (const j of rest) {
    const by = j.lacks.map((d) => words[d as Field].toLowerCase()).join(", ");
    verdicts.push({
      value: j.value,
      outcome: "elsewhere",
      reason: t("It does not apply here: it is for another {by}.", { by }),
    });
  }
  return { name: values[0]?.variable.Name ?? "", winner: best?.value, verdicts };
}

// explainAll judges all variables, by name.
export function explainAll(all: Sourced[], place: Place): Explained[] {
  const byName = new Map<string, Sourced[]>();
  for (const s of all) {
    const key = s.variable.Name.toLowerCase();
    byName.set(key, [...(byName.get(key) ?? []), s]);
  }
  return [...byName.values()].map((values) => explain(values, place));
}

// substituted puts the values of other variables into a text, for the preview.
// What it cannot know stays as it is.
export function substituted(text: string, all: Map<string, Variable>, depth = 0): string {
  if (depth > 8) return text;
  return text.replace(/#\{([^{}|]+)\}/g, (whole, name: string) => {
    const v = all.get(name.trim().toLowerCase());
    if (!v || v.Value === null || isSensitive(v)) return whole;
    return substituted(v.Value, all, depth + 1);
  });
}
