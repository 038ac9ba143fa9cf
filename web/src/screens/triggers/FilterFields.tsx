import { Autocomplete, Chip, Group, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { days, type Filter, isClock, momentOf, timeOf } from "./triggers";
import classes from "./triggers.module.css";
import { Webhook } from "./Webhook";

type Props = { project: Project; value: Filter; disabled: boolean; onChange: (change: Partial<Filter>) => void };

// FilterFields are the details of what a trigger waits for.
export function FilterFields(props: Props) {
  const { value, disabled, onChange } = props;
  return (
    <>
      {value.FilterType === "OnceDailySchedule" && <Time label={t("Time")} name="StartTime" {...props} />}
      {value.FilterType === "ContinuousDailySchedule" && <Interval {...props} />}
      {value.FilterType === "CronExpressionSchedule" && (
        <TextInput
          label={t("Cron expression")}
          description={t("Seconds, minutes, hours, day of the month, month, day of the week.")}
          spellCheck={false}
          disabled={disabled}
          value={value.CronExpression ?? ""}
          onChange={(e) => onChange({ CronExpression: e.currentTarget.value })}
        />
      )}
      {(value.FilterType === "OnceDailySchedule" || value.FilterType === "ContinuousDailySchedule") && (
        <Days {...props} />
      )}
      {isClock(value) && <Zone {...props} />}
      {(value.FilterType === "FeedFilter" || value.FilterType === "ArcFeedFilter") && <Packages {...props} />}
      {value.FilterType === "MachineFilter" && <Machines {...props} />}
      {value.FilterType === "WebhookFilter" && <Webhook {...props} />}
    </>
  );
}

function Time({
  label,
  name,
  value,
  disabled,
  onChange,
}: Props & { label: string; name: "StartTime" | "RunAfter" | "RunUntil" }) {
  return (
    <TextInput
      type="time"
      label={label}
      w={140}
      disabled={disabled}
      value={timeOf(value[name])}
      onChange={(e) => onChange({ [name]: momentOf(e.currentTarget.value) })}
    />
  );
}

function Interval(props: Props) {
  const { value, disabled, onChange } = props;
  const isMinutes = value.Interval === "OnceEveryMinute";
  const n = (isMinutes ? value.MinuteInterval : value.HourInterval) ?? 1;
  return (
    <div className={classes.line}>
      <NumberInput
        size="xs"
        label={t("Every")}
        w={90}
        min={1}
        disabled={disabled}
        value={n}
        onChange={(v) => onChange(isMinutes ? { MinuteInterval: Number(v) || 1 } : { HourInterval: Number(v) || 1 })}
      />
      <Select
        aria-label={t("Unit")}
        w={120}
        allowDeselect={false}
        disabled={disabled}
        data={[
          { value: "OnceHourly", label: t("hours") },
          { value: "OnceEveryMinute", label: t("minutes") },
        ]}
        value={value.Interval}
        onChange={(Interval) =>
          Interval &&
          onChange({
            Interval,
            HourInterval: Interval === "OnceHourly" ? n : null,
            MinuteInterval: Interval === "OnceHourly" ? null : n,
          })
        }
      />
      <Time label={t("From")} name="RunAfter" {...props} />
      <Time label={t("Until")} name="RunUntil" {...props} />
    </div>
  );
}

function Days({ value, disabled, onChange }: Props) {
  return (
    <fieldset className={classes.days}>
      <legend>{t("Days")}</legend>
      <Chip.Group
        multiple
        value={value.DaysOfWeek ?? []}
        onChange={(chosen) => onChange({ DaysOfWeek: days.filter((d) => chosen.includes(d)) })}
      >
        <Group gap={6}>
          {days.map((d) => (
            <Chip key={d} value={d} size="xs" disabled={disabled}>
              {t(d)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </fieldset>
  );
}

function Zone({ value, disabled, onChange }: Props) {
  return (
    <Autocomplete
      size="xs"
      label={t("Time zone")}
      limit={30}
      disabled={disabled}
      data={["UTC", ...Intl.supportedValuesOf("timeZone")]}
      value={value.Timezone ?? "UTC"}
      onChange={(Timezone) => onChange({ Timezone })}
    />
  );
}

function Packages({ project, value, disabled, onChange }: Props) {
  const process = useGet(
    "/api/{spaceId}/deploymentprocesses/{id}",
    { id: project.DeploymentProcessId },
    { enabled: !project.IsVersionControlled },
  );
  const word = (slug: string, reference: string) => `${slug}/${reference}`;
  const known = (process.data?.Steps ?? []).flatMap((s) =>
    (s.Actions ?? []).flatMap((a) =>
      (a.Packages ?? []).map((p) => ({
        value: word(a.Slug, p.Name),
        label: p.Name ? `${a.Name}: ${p.Name} (${p.PackageId})` : `${a.Name} (${p.PackageId})`,
      })),
    ),
  );
  return (
    <PickMany
      label={t("Packages")}
      disabled={disabled}
      choices={known}
      value={(value.Packages ?? []).map((p) => word(p.DeploymentActionSlug, p.PackageReference))}
      onChange={(words) =>
        onChange({
          Packages: words.map((w) => {
            const [DeploymentActionSlug = "", PackageReference = ""] = w.split("/");
            return { DeploymentActionSlug, PackageReference };
          }),
        })
      }
    />
  );
}

function Machines({ value, disabled, onChange }: Props) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const tags = useGet("/api/{spaceId}/machineroles/all", {});
  return (
    <>
      <PickMany
        label={t("Only in these environments")}
        placeholder={t("All environments")}
        disabled={disabled}
        choices={choicesOf(environments.data)}
        value={value.EnvironmentIds}
        onChange={(EnvironmentIds) => onChange({ EnvironmentIds })}
      />
      <TagsInput
        size="xs"
        label={t("Only targets with these tags")}
        disabled={disabled}
        data={(tags.data as unknown as string[] | undefined) ?? []}
        value={value.Roles ?? []}
        onChange={(Roles) => onChange({ Roles })}
      />
    </>
  );
}
