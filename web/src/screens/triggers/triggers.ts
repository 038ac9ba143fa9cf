// What triggers wait for and do, and how they begin.

import type { Project, Wire } from "~/api/wire";
import { t } from "~/text/t";

export type Trigger = Wire<"ProjectTrigger">;
export type Filter = Trigger["Filter"];
export type Action = Trigger["Action"];

// Whens are the occasions that have a form here; others are kept as they are.
export const whens = [
  { value: "OnceDailySchedule", label: t("At a time of day") },
  { value: "ContinuousDailySchedule", label: t("Again and again during the day") },
  { value: "CronExpressionSchedule", label: t("By a cron expression") },
  { value: "ArcFeedFilter", label: t("A package arrives at the built-in feed") },
  { value: "FeedFilter", label: t("A package arrives at another feed") },
  { value: "MachineFilter", label: t("A target becomes available") },
  { value: "WebhookFilter", label: t("Its address is called (webhook)") },
];

export const whats = [
  { value: "DeployLatestRelease", label: t("Deploy the latest release of an environment to another") },
  { value: "DeployNewRelease", label: t("Create a release and deploy it") },
  { value: "RunRunbook", label: t("Run a runbook") },
  { value: "CreateRelease", label: t("Create a release") },
  { value: "AutoDeploy", label: t("Deploy to the target what its environment has") },
];

const byClock = ["DeployLatestRelease", "DeployNewRelease", "RunRunbook"];

// whatsFor are the actions that make sense for an occasion.
export function whatsFor(when: string): string[] {
  if (when === "WebhookFilter") return [...byClock, "CreateRelease"];
  if (when === "MachineFilter") return ["AutoDeploy"];
  if (when === "FeedFilter" || when === "ArcFeedFilter") return ["CreateRelease"];
  return byClock;
}

export const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export const isClock = (filter: Filter) => filter.FilterType.endsWith("Schedule");

// A time of day is sent as a moment, of which the day does not matter.
export const timeOf = (moment: string | null | undefined) => /T(\d\d:\d\d)/.exec(moment ?? "")?.[1] ?? "";
export const momentOf = (time: string) => (time ? `2000-01-01T${time}:00.000Z` : null);

// newSecret is a secret that nobody guesses.
export function newSecret(): Filter["Secret"] {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const NewValue = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return { HasValue: true, NewValue, Hint: null };
}

// callOf is a command that calls a trigger; what is not known is left to fill in.
export function callOf(address: string, byKey: boolean, secret: string | null | undefined): string {
  const header = byKey ? "X-Octopus-ApiKey: API-…" : `X-Octopus-Webhook-Secret: ${secret || "…"}`;
  return `curl -X POST -H '${header}' '${address}'`;
}

// beginning is a filter as it begins when its type is chosen.
export function beginning(when: string): Filter {
  const clock = { Timezone: "UTC" };
  switch (when) {
    case "OnceDailySchedule":
      return { FilterType: when, ...clock, StartTime: momentOf("09:00"), DaysOfWeek: days } as Filter;
    case "ContinuousDailySchedule":
      return {
        FilterType: when,
        ...clock,
        Interval: "OnceHourly",
        HourInterval: 1,
        RunAfter: momentOf("08:00"),
        RunUntil: momentOf("18:00"),
        DaysOfWeek: days,
      } as Filter;
    case "CronExpressionSchedule":
      return { FilterType: when, ...clock, CronExpression: "0 0 6 * * Mon-Fri" } as Filter;
    case "MachineFilter":
      return {
        FilterType: when,
        EventGroups: ["MachineAvailableForDeployment"],
        EnvironmentIds: [],
        Roles: [],
      } as unknown as Filter;
    case "WebhookFilter":
      return { FilterType: when, RequireApiKey: false, Secret: newSecret() } as Filter;
    default:
      return { FilterType: when, Packages: [] } as unknown as Filter;
  }
}

export const begun = (what: string): Action => ({ ActionType: what }) as Action;

export const blank = (project: Project): Trigger =>
  ({
    Id: "",
    Name: "",
    Description: "",
    ProjectId: project.Id,
    IsDisabled: false,
    Filter: beginning("OnceDailySchedule"),
    Action: begun("DeployLatestRelease"),
  }) as unknown as Trigger;

export type Names = (id: string) => string;

const dayWords = (chosen: string[] | null | undefined) => {
  const list = chosen ?? [];
  return list.length === 0 || list.length === 7 ? t("every day") : list.map((d) => d.slice(0, 3)).join(", ");
};

// whenWords says in a line what a trigger waits for.
export function whenWords(f: Filter): string {
  switch (f.FilterType) {
    case "OnceDailySchedule":
      return t("{days} at {time} ({zone})", {
        days: dayWords(f.DaysOfWeek),
        time: timeOf(f.StartTime),
        zone: f.Timezone,
      });
    case "ContinuousDailySchedule": {
      const every =
        f.Interval === "OnceEveryMinute"
          ? t("every {n} min", { n: f.MinuteInterval ?? 1 })
          : t("every {n} h", { n: f.HourInterval ?? 1 });
      const span = {
        days: dayWords(f.DaysOfWeek),
        from: timeOf(f.RunAfter),
        until: timeOf(f.RunUntil),
        zone: f.Timezone,
      };
      return `${every}, ${t("{days} from {from} to {until} ({zone})", span)}`;
    }
    case "CronExpressionSchedule":
      return t("{cron} ({zone})", { cron: f.CronExpression, zone: f.Timezone });
    default:
      return whens.find((w) => w.value === f.FilterType)?.label ?? f.FilterType;
  }
}

// whatWords says in a line what a trigger does.
export function whatWords(a: Action, name: Names): string {
  const all = (ids: string[] | null | undefined) => (ids ?? []).map(name).join(", ");
  switch (a.ActionType) {
    case "DeployLatestRelease":
      return t("Deploy the latest release of {from} to {to}", {
        from: all(a.SourceEnvironmentIds),
        to: name(a.DestinationEnvironmentId),
      });
    case "DeployNewRelease":
      return t("Create a release and deploy it to {to}", { to: name(a.EnvironmentId) });
    case "RunRunbook":
      return t("Run {runbook} in {environments}", { runbook: name(a.RunbookId), environments: all(a.EnvironmentIds) });
    default:
      return whats.find((w) => w.value === a.ActionType)?.label ?? a.ActionType;
  }
}
