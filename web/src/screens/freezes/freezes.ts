// When a freeze holds, and how it looks.
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import type { Look } from "~/ui/status";

export type Freeze = Wire<"DeploymentFreeze">;

export const places = {
  freezes: "/configuration/freezes",
  freeze: (id: string) => `/configuration/freezes/${encodeURIComponent(id)}`,
};

// stateOf says whether a freeze holds now; of one that comes again only that.
export function stateOf({ Start, End, RecurringSchedule }: Freeze, now = Date.now()): Look {
  const start = Date.parse(Start ?? "");
  const end = Date.parse(End ?? "");
  if (start <= now && now < end) return { tone: "hold", shape: "bars", word: t("In force") };
  if (start > now) return { tone: "wait", shape: "ring", word: t("To come") };
  if (RecurringSchedule) return { tone: "wait", shape: "ring", word: t("Comes again") };
  return { tone: "off", shape: "slash", word: t("Over") };
}

// localOf is a moment as fields for date and time have it, and back.
export function localOf(at: string | null | undefined): string {
  if (!at) return "";
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

export const momentOf = (local: string) => (local ? new Date(local).toISOString() : null);

const units: Record<string, [string, string]> = {
  Daily: [t("Every day"), t("Every {n} days")],
  Weekly: [t("Every week"), t("Every {n} weeks")],
  Monthly: [t("Every month"), t("Every {n} months")],
  Annually: [t("Every year"), t("Every {n} years")],
};

// againOf says how often a freeze comes.
export function againOf({ RecurringSchedule: r }: Freeze): string {
  if (!r) return t("Once");
  const [one, many] = units[r.Type] ?? [r.Type, r.Type];
  return r.Unit > 1 ? many.replace("{n}", String(r.Unit)) : one;
}
