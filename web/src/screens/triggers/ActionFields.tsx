import { Checkbox, Select } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import { type Choice, choicesOf, PickMany } from "~/ui/PickMany";
import type { Action } from "./triggers";
import classes from "./triggers.module.css";

type Props = { project: Project; value: Action; disabled: boolean; onChange: (change: Partial<Action>) => void };

// ActionFields are the details of what a trigger does.
export function ActionFields({ project, value, disabled, onChange }: Props) {
  const environments = choicesOf(useGet("/api/{spaceId}/environments/all", {}).data);
  switch (value.ActionType) {
    case "DeployLatestRelease":
      return (
        <>
          <div className={classes.pair}>
            <PickMany
              label={t("Latest release of")}
              disabled={disabled}
              choices={environments}
              value={value.SourceEnvironmentIds}
              onChange={(SourceEnvironmentIds) => onChange({ SourceEnvironmentIds })}
            />
            <One
              label={t("Deployed to")}
              choices={environments}
              value={value.DestinationEnvironmentId}
              disabled={disabled}
              onChange={(DestinationEnvironmentId) => onChange({ DestinationEnvironmentId })}
            />
          </div>
          <Checkbox
            label={t("Also when that release is there already")}
            disabled={disabled}
            checked={value.ShouldRedeployWhenReleaseIsCurrent ?? true}
            onChange={(e) => onChange({ ShouldRedeployWhenReleaseIsCurrent: e.currentTarget.checked })}
          />
        </>
      );
    case "DeployNewRelease":
      return (
        <>
          <ChannelPick project={project} value={value} disabled={disabled} onChange={onChange} />
          <One
            label={t("Deployed to")}
            choices={environments}
            value={value.EnvironmentId}
            disabled={disabled}
            onChange={(EnvironmentId) => onChange({ EnvironmentId })}
          />
        </>
      );
    case "RunRunbook":
      return (
        <RunbookPick
          project={project}
          value={value}
          disabled={disabled}
          onChange={onChange}
          environments={environments}
        />
      );
    case "CreateRelease":
      return <ChannelPick project={project} value={value} disabled={disabled} onChange={onChange} />;
    case "AutoDeploy":
      return (
        <Checkbox
          label={t("Also when the target has that release already")}
          disabled={disabled}
          checked={value.ShouldRedeployWhenMachineHasBeenDeployedTo ?? false}
          onChange={(e) => onChange({ ShouldRedeployWhenMachineHasBeenDeployedTo: e.currentTarget.checked })}
        />
      );
    default:
      return <p className="dim">{t("This has no form here; it is kept as it is.")}</p>;
  }
}

type OneProps = { label: string; choices: Choice[]; value: string; disabled: boolean; onChange: (id: string) => void };

function One({ label, choices, value, disabled, onChange }: OneProps) {
  return (
    <Select
      label={label}
      searchable
      disabled={disabled}
      allowDeselect={false}
      data={choices}
      value={value || null}
      onChange={(id) => id && onChange(id)}
    />
  );
}

function ChannelPick({ project, value, disabled, onChange }: Props) {
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: project.Id }, { query: { take: 1000 } });
  return (
    <Select
      label={t("Channel")}
      placeholder={t("The default channel")}
      clearable
      disabled={disabled}
      data={choicesOf(channels.data?.Items)}
      value={value.ChannelId || null}
      onChange={(id) => onChange({ ChannelId: id ?? "" })}
    />
  );
}

function RunbookPick({ project, value, disabled, onChange, environments }: Props & { environments: Choice[] }) {
  const runbooks = useGet("/api/{spaceId}/runbooks/all", {});
  return (
    <div className={classes.pair}>
      <One
        label={t("Runbook")}
        choices={choicesOf(runbooks.data?.filter((r) => r.ProjectId === project.Id))}
        value={value.RunbookId}
        disabled={disabled}
        onChange={(RunbookId) => onChange({ RunbookId })}
      />
      <PickMany
        label={t("Environments")}
        disabled={disabled}
        choices={environments}
        value={value.EnvironmentIds}
        onChange={(EnvironmentIds) => onChange({ EnvironmentIds })}
      />
    </div>
  );
}
