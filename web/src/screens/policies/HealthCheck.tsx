import { Select, Switch, TextInput } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import { MinutesField } from "./MinutesField";

type Policy = Wire<"MachinePolicy">;
type Health = Policy["MachineHealthCheckPolicy"];
type Script = Wire<"ScriptPolicy">;

const whenOf = (h: Health) => (h.HealthCheckCron ? "cron" : h.HealthCheckInterval ? "interval" : "never");

// HealthCheck says when the health of machines is checked, and how.
export function HealthCheck({ value, put, readOnly }: Fields<Policy>) {
  const health = value.MachineHealthCheckPolicy;
  const change = (next: Partial<Health>) => put({ MachineHealthCheckPolicy: { ...health, ...next } as Health });
  const pick = (when: string) =>
    change({
      HealthCheckInterval: when === "interval" ? "01:00:00" : null,
      HealthCheckCron: when === "cron" ? "0 0 6 * * *" : null,
    } as Partial<Health>);
  const runs = health.HealthCheckType === "RunScript";
  return (
    <Section title={t("Health checks")}>
      <div className={form.fields}>
        <Select
          label={t("When health is checked")}
          w={240}
          allowDeselect={false}
          disabled={readOnly}
          data={[
            { value: "interval", label: t("Every so often") },
            { value: "cron", label: t("By schedule") },
            { value: "never", label: t("When somebody asks") },
          ]}
          value={whenOf(health)}
          onChange={(when) => when && pick(when)}
        />
        {health.HealthCheckInterval && !health.HealthCheckCron && (
          <MinutesField
            label={t("Every")}
            disabled={readOnly}
            value={health.HealthCheckInterval}
            onChange={(HealthCheckInterval) => change({ HealthCheckInterval })}
          />
        )}
        {health.HealthCheckCron && (
          <div className={form.pair}>
            <TextInput
              label={t("Cron expression")}
              description={t("Seconds, minutes, hours, day of the month, month, day of the week.")}
              disabled={readOnly}
              spellCheck={false}
              value={health.HealthCheckCron}
              onChange={(e) => change({ HealthCheckCron: e.currentTarget.value })}
            />
            <TextInput
              label={t("Time zone")}
              description={t("Such as UTC or Europe/Berlin.")}
              disabled={readOnly}
              value={health.HealthCheckCronTimezone}
              onChange={(e) => change({ HealthCheckCronTimezone: e.currentTarget.value })}
            />
          </div>
        )}
        <Switch
          label={t("Only look whether the machine can be reached, and run nothing on it")}
          disabled={readOnly}
          checked={!runs}
          onChange={(e) => change({ HealthCheckType: e.currentTarget.checked ? "OnlyConnectivity" : "RunScript" })}
        />
        {runs && (
          <>
            <OwnScript
              label={t("Linux: a script of one's own (Bash)")}
              language="Bash"
              readOnly={readOnly}
              value={health.BashHealthCheckPolicy}
              onChange={(script) => change({ BashHealthCheckPolicy: script, SshEndpointHealthCheckPolicy: script })}
            />
            <OwnScript
              label={t("Windows: a script of one's own (PowerShell)")}
              language="PowerShell"
              readOnly={readOnly}
              value={health.PowerShellHealthCheckPolicy}
              onChange={(script) =>
                change({ PowerShellHealthCheckPolicy: script, TentacleEndpointHealthCheckPolicy: script })
              }
            />
          </>
        )}
      </div>
    </Section>
  );
}

type OwnProps = {
  label: string;
  language: "Bash" | "PowerShell";
  readOnly: boolean;
  value: Script | null;
  onChange: (value: Script) => void;
};

function OwnScript({ label, language, readOnly, value, onChange }: OwnProps) {
  const own = value?.RunType === "Inline";
  return (
    <>
      <Switch
        label={label}
        disabled={readOnly}
        checked={own}
        onChange={(e) =>
          onChange({
            RunType: e.currentTarget.checked ? "Inline" : "InheritFromDefault",
            ScriptBody: value?.ScriptBody ?? "",
          })
        }
      />
      {own && (
        <CodeEditor
          label={t("Script")}
          description={t("What exits with another code than 0 is unhealthy.")}
          language={language}
          rows={8}
          readOnly={readOnly}
          value={value?.ScriptBody ?? ""}
          onChange={(ScriptBody) => onChange({ RunType: "Inline", ScriptBody })}
        />
      )}
    </>
  );
}
