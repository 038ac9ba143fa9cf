import { Checkbox, NumberInput, Select } from "@mantine/core";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import { ConnectivityFields, GuidedField, TenancyField } from "~/ui/form/ExecutionFields";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import type { Runbook } from "./useRunbook";

// SettingsFields are what can be said of a runbook, wherever it is kept.
export function SettingsFields(fields: Fields<Runbook>) {
  return (
    <>
      <Section title={t("Runbook")}>
        <div className={form.fields}>
          <NameFields {...fields} />
          <Tags {...fields} />
        </div>
      </Section>
      <Section title={t("Where it runs")}>
        <div className={form.fields}>
          <Where {...fields} />
          <TenancyField
            value={fields.value.MultiTenancyMode}
            onChange={(MultiTenancyMode) => fields.put({ MultiTenancyMode })}
            readOnly={fields.readOnly}
          />
        </div>
      </Section>
      <Section title={t("How it runs")}>
        <div className={form.fields}>
          <GuidedField
            value={fields.value.DefaultGuidedFailureMode}
            onChange={(DefaultGuidedFailureMode) => fields.put({ DefaultGuidedFailureMode })}
            readOnly={fields.readOnly}
          />
          <ConnectivityFields
            value={fields.value.ConnectivityPolicy}
            onChange={(ConnectivityPolicy) => fields.put({ ConnectivityPolicy })}
            readOnly={fields.readOnly}
          />
          <Checkbox
            label={t("Download packages again, even where they are already")}
            disabled={fields.readOnly}
            checked={fields.value.ForcePackageDownload}
            onChange={(e) => fields.put({ ForcePackageDownload: e.currentTarget.checked })}
          />
        </div>
      </Section>
      <Section title={t("What is kept")}>
        <Retention {...fields} />
      </Section>
    </>
  );
}

function Where({ value, put, readOnly }: Fields<Runbook>) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  return (
    <>
      <Select
        label={t("Environments")}
        allowDeselect={false}
        disabled={readOnly}
        data={[
          { value: "All", label: t("All environments") },
          { value: "FromProjectLifecycles", label: t("Those of the project's lifecycles") },
          { value: "Specified", label: t("Only some") },
        ]}
        value={value.EnvironmentScope || "All"}
        onChange={(scope) => put({ EnvironmentScope: scope ?? "All" })}
      />
      {value.EnvironmentScope === "Specified" && (
        <PickMany
          label={t("Which")}
          disabled={readOnly}
          choices={choicesOf(environments.data)}
          value={value.Environments}
          onChange={(Environments) => put({ Environments })}
        />
      )}
    </>
  );
}

function Tags({ value, put, readOnly }: Fields<Runbook>) {
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  const choices = (sets.data ?? [])
    .filter((s) => (s.Scopes ?? []).includes("Runbook"))
    .flatMap((s) => (s.Tags ?? []).map((x) => ({ value: x.CanonicalTagName, label: x.CanonicalTagName })));
  if (choices.length === 0 && (value.RunbookTags ?? []).length === 0) return null;
  return (
    <PickMany
      label={t("Tags")}
      disabled={readOnly}
      choices={choices}
      value={value.RunbookTags}
      onChange={(RunbookTags) => put({ RunbookTags })}
    />
  );
}

function Retention({ value, put, readOnly }: Fields<Runbook>) {
  const policy = value.RunRetentionPolicy;
  const change = (next: Partial<typeof policy>) => put({ RunRetentionPolicy: { ...policy, ...next } });
  return (
    <div className={form.pair}>
      <Select
        label={t("Runs that are kept in each environment")}
        allowDeselect={false}
        disabled={readOnly}
        data={[
          { value: "Default", label: t("As many as usual") },
          { value: "Count", label: t("The last ones") },
          { value: "Forever", label: t("All") },
        ]}
        value={policy.Strategy || "Default"}
        onChange={(Strategy) =>
          change({
            Strategy: Strategy ?? "Default",
            ShouldKeepForever: Strategy === "Forever",
            QuantityToKeep: Strategy === "Forever" ? 0 : policy.QuantityToKeep || 100,
          })
        }
      />
      {policy.Strategy === "Count" && (
        <NumberInput
          size="xs"
          label={t("How many")}
          min={1}
          allowDecimal={false}
          disabled={readOnly}
          value={policy.QuantityToKeep}
          onChange={(n) => change({ QuantityToKeep: Number(n) || 1 })}
        />
      )}
    </div>
  );
}
