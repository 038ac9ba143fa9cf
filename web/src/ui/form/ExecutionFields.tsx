// How deployments and runs go on: fields that projects and runbooks have alike.
import { Checkbox, Select, TagsInput } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";

type Props<T> = { value: T; onChange: (value: T) => void; readOnly: boolean };

export function GuidedField({ value, onChange, readOnly }: Props<string>) {
  return (
    <Select
      label={t("When a step fails")}
      allowDeselect={false}
      disabled={readOnly}
      data={[
        { value: "EnvironmentDefault", label: t("As the environment says") },
        { value: "On", label: t("Ask what to do") },
        { value: "Off", label: t("Fail") },
      ]}
      value={value || "EnvironmentDefault"}
      onChange={(mode) => onChange(mode ?? "EnvironmentDefault")}
    />
  );
}

export function TenancyField({ value, onChange, readOnly }: Props<string>) {
  return (
    <Select
      label={t("Tenants")}
      allowDeselect={false}
      disabled={readOnly}
      data={[
        { value: "Untenanted", label: t("Never for a tenant") },
        { value: "TenantedOrUntenanted", label: t("With or without a tenant") },
        { value: "Tenanted", label: t("Only for a tenant") },
      ]}
      value={value || "Untenanted"}
      onChange={(mode) => onChange(mode ?? "Untenanted")}
    />
  );
}

// ConnectivityFields say what is to be done about targets that are away.
export function ConnectivityFields({ value, onChange, readOnly }: Props<Wire<"ConnectivityPolicy">>) {
  const put = (change: Partial<typeof value>) => onChange({ ...value, ...change });
  const skips = value.SkipMachineBehavior === "SkipUnavailableMachines";
  return (
    <>
      <Select
        label={t("When a target is not available")}
        allowDeselect={false}
        disabled={readOnly}
        data={[
          { value: "None", label: t("Fail") },
          { value: "SkipUnavailableMachines", label: t("Leave it out") },
        ]}
        value={value.SkipMachineBehavior || "None"}
        onChange={(mode) => put({ SkipMachineBehavior: mode ?? "None" })}
      />
      {skips && (
        <TagsInput
          size="xs"
          label={t("Only those with these target tags")}
          description={t("Without any, all targets may be left out.")}
          disabled={readOnly}
          value={value.TargetRoles ?? []}
          onChange={(TargetRoles) => put({ TargetRoles })}
        />
      )}
      <Checkbox
        label={t("Leave out targets that are unhealthy")}
        disabled={readOnly}
        checked={value.ExcludeUnhealthyTargets}
        onChange={(e) => put({ ExcludeUnhealthyTargets: e.currentTarget.checked })}
      />
      <Checkbox
        label={t("Go on where there is no target at all")}
        disabled={readOnly}
        checked={value.AllowDeploymentsToNoTargets}
        onChange={(e) => put({ AllowDeploymentsToNoTargets: e.currentTarget.checked })}
      />
    </>
  );
}
