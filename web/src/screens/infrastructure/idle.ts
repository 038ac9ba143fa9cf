import type { Wire } from "~/api/wire";
import { many, t } from "~/text/t";

// idleWords says when an ephemeral environment that nobody deploys to goes.
export function idleWords(rule: Wire<"DeprovisioningRule"> | null | undefined): string {
  const { ExpiryDays: days = 0, ExpiryHours: hours = 0 } = rule ?? {};
  const span = [days && many(days, "1 day", "{n} days"), hours && many(hours, "1 hour", "{n} hours")];
  const said = span.filter(Boolean).join(" ");
  return said ? t("after {span} without a deployment", { span: said }) : t("only by hand");
}
