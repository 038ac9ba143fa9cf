// What the deployments to one environment tell, the newest first.
import { t } from "~/text/t";

const day = 24 * 60 * 60 * 1000;
const midnight = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

// ageOf says below which heading something stands that was at a time.
export function ageOf(at: string, now: Date): string {
  // Days are told by the calendar; one with a change of the clock has 23 or 25 hours.
  const days = Math.round((midnight(now) - midnight(new Date(at))) / day);
  if (days <= 0) return t("Today");
  if (days === 1) return t("Yesterday");
  if (days < 7) return t("In the last 7 days");
  return days < 30 ? t("In the last 30 days") : t("Earlier");
}

export type Past = { ReleaseId: string; State: string | undefined };

// before gives the last deployment of another release that succeeded: where
// one goes back to from what was deployed last.
export function before<T extends Past>(history: T[]): T | undefined {
  return history.find((d) => d.State === "Success" && d.ReleaseId !== history[0]?.ReleaseId);
}
