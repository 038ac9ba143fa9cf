// Spans of time as the API has them, days.hours:minutes:seconds, in words.
import type { Wire } from "~/api/wire";
import { many, t } from "~/text/t";

export function minutesOf(span: string | null | undefined): number {
  const [, days = "0", hours = "0", minutes = "0"] = /^(?:(\d+)\.)?(\d+):(\d+)(?::\d+)?/.exec(span ?? "") ?? [];
  return Number(days) * 1440 + Number(hours) * 60 + Number(minutes);
}

export function spanOf(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const days = Math.floor(minutes / 1440);
  return `${days > 0 ? `${days}.` : ""}${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}:00`;
}

// words says how long a span is.
export function words(span: string | null | undefined): string {
  const minutes = minutesOf(span);
  const parts = [
    [Math.floor(minutes / 1440), "1 day", "{n} days"],
    [Math.floor(minutes / 60) % 24, "1 hour", "{n} hours"],
    [minutes % 60, "1 minute", "{n} minutes"],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, one, more]) => many(n, one, more));
  return said.join(" ") || t("at once");
}

// intervalOf says when the health of machines is checked.
export function intervalOf(policy: Wire<"HealthCheckPolicy">): string {
  if (policy.HealthCheckCron) return t("By schedule {cron}", { cron: policy.HealthCheckCron });
  if (policy.HealthCheckInterval) return t("Every {time}", { time: words(policy.HealthCheckInterval) });
  return t("Only when somebody asks");
}
