import { Checkbox, MultiSelect, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import { zoneAt } from "~/text/time";
import { Section } from "~/ui/Section";
import classes from "./Deploy.module.css";
import type { Choice, Foreseen } from "./deployment";

type Props = {
  choice: Choice;
  previews: (Foreseen | undefined)[];
  onChange: (part: Partial<Choice>) => void;
};

// machinesOf are the machines that any of the deployments would reach.
function machinesOf(previews: Props["previews"]) {
  const all = new Map<string, string>();
  for (const step of previews.flatMap((p) => p?.StepsToExecute ?? [])) {
    for (const m of step.Machines ?? []) all.set(m.Id, m.Name);
  }
  return [...all].map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label));
}

// Options are what is the same for all of the deployments.
export function Options({ choice, previews, onChange }: Props) {
  const machines = machinesOf(previews);
  return (
    <Section title={t("Options")}>
      <div className={classes.option}>
        <span id="when">{t("When")}</span>
        <SegmentedControl
          aria-labelledby="when"
          size="xs"
          value={choice.later ? "later" : "now"}
          onChange={(value) => onChange({ later: value === "later" ? inAnHour() : "" })}
          data={[
            { value: "now", label: t("Now") },
            { value: "later", label: t("Later") },
          ]}
        />
        {choice.later && (
          <TextInput
            type="datetime-local"
            aria-label={t("Date and time")}
            value={choice.later}
            rightSection={zoneAt(choice.later)}
            rightSectionWidth={60}
            onChange={(e) => onChange({ later: e.currentTarget.value })}
          />
        )}
      </div>
      <div className={classes.option}>
        <span id="guided">{t("When a step fails")}</span>
        <SegmentedControl
          aria-labelledby="guided"
          size="xs"
          value={choice.guided}
          onChange={(value) => onChange({ guided: value as Choice["guided"] })}
          data={[
            { value: "default", label: t("Default") },
            { value: "on", label: t("Ask what to do") },
            { value: "off", label: t("Fail") },
          ]}
        />
      </div>
      {machines.length > 0 && (
        <div className={classes.option}>
          <span id="machines">{t("Targets")}</span>
          <SegmentedControl
            aria-labelledby="machines"
            size="xs"
            value={choice.machineMode}
            onChange={(value) => onChange({ machineMode: value as Choice["machineMode"] })}
            data={[
              { value: "all", label: t("All") },
              { value: "only", label: t("Only some") },
              { value: "except", label: t("All but some") },
            ]}
          />
          {choice.machineMode !== "all" && (
            <MultiSelect
              aria-label={t("Targets")}
              miw={240}
              searchable
              data={machines}
              value={choice.machines}
              onChange={(value) => onChange({ machines: value })}
            />
          )}
        </div>
      )}
      <Checkbox
        label={t("Download packages again, even where they are already")}
        checked={choice.forceDownload}
        onChange={(e) => onChange({ forceDownload: e.currentTarget.checked })}
      />
      <Textarea
        label={t("Comments")}
        minRows={1}
        value={choice.comments}
        onChange={(e) => onChange({ comments: e.currentTarget.value })}
      />
    </Section>
  );
}

function inAnHour(): string {
  const at = new Date(Date.now() + 3_600_000);
  at.setMinutes(at.getMinutes() - at.getTimezoneOffset(), 0, 0);
  return at.toISOString().slice(0, 16);
}
