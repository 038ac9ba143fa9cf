import { Checkbox, SegmentedControl, Select } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { ExpressionInput } from "~/ui/ExpressionInput";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { useChannels, useEditor, useFocus, useVariableNames } from "../editor";
import { isRolling } from "../steps";
import { useComplaint, useProperty, useStepProperty } from "./fields";
import classes from "./parts.module.css";

const ofStep = "Octopus.Step.ConditionVariableExpression";
const ofAction = "Octopus.Action.ConditionVariableExpression";

const conditions = [
  { value: "Success", label: t("All steps before it succeeded") },
  { value: "Failure", label: t("A step before it failed") },
  { value: "Always", label: t("Always") },
  { value: "Variable", label: t("An expression is true") },
];

// StepConditions says when a step begins at all.
export function StepConditions({ first }: { first: boolean }) {
  const { step, changeStep } = useFocus();
  const { mayEdit } = useEditor();
  const [expression, set] = useStepProperty(ofStep);
  const variables = useVariableNames();
  const error = useComplaint("Condition", ofStep);
  return (
    <>
      <div className={classes.pair}>
        <Select
          label={t("It runs when")}
          data={conditions}
          disabled={!mayEdit}
          allowDeselect={false}
          error={step.Condition === "Variable" ? undefined : error}
          value={step.Condition || "Success"}
          onChange={(Condition) => Condition && changeStep((s) => ({ ...s, Condition }))}
        />
        <Select
          label={t("It begins")}
          disabled={!mayEdit || first}
          description={first ? t("The first step has none before it.") : undefined}
          allowDeselect={false}
          data={[
            { value: "StartAfterPrevious", label: t("After the step before it") },
            { value: "StartWithPrevious", label: t("Together with the step before it") },
          ]}
          value={step.StartTrigger || "StartAfterPrevious"}
          onChange={(StartTrigger) => StartTrigger && changeStep((s) => ({ ...s, StartTrigger }))}
        />
      </div>
      {step.Condition === "Variable" && (
        <ExpressionInput
          label={t("Expression")}
          description={t("It runs when this becomes True, anything but False, 0 or nothing.")}
          placeholder="#{unless Octopus.Deployment.Error}True#{/unless}"
          variables={variables}
          value={expression}
          onChange={set}
          error={error}
          disabled={!mayEdit}
        />
      )}
      <Select
        label={t("Packages are fetched")}
        disabled={!mayEdit}
        allowDeselect={false}
        data={[
          { value: "LetOctopusDecide", label: t("When the server sees fit") },
          { value: "BeforePackageAcquisition", label: t("After this step") },
          { value: "AfterPackageAcquisition", label: t("Before this step") },
        ]}
        value={step.PackageRequirement || "LetOctopusDecide"}
        onChange={(PackageRequirement) => PackageRequirement && changeStep((s) => ({ ...s, PackageRequirement }))}
      />
    </>
  );
}

// ActionConditions says for which deployments an action runs.
export function ActionConditions() {
  const { step, action, changeAction } = useFocus();
  const { project, runbook, mayEdit } = useEditor();
  const channels = useChannels(project);
  const [expression, setExpression] = useProperty(ofAction);
  const variables = useVariableNames();
  const expressionError = useComplaint(ofAction);
  const channelError = useComplaint("Channels");
  return (
    <>
      {isRolling(step) && (
        <div className={classes.pair}>
          <Select
            label={t("Within its step, it runs when")}
            data={conditions.filter((c) => c.value === "Success" || c.value === "Variable")}
            disabled={!mayEdit}
            allowDeselect={false}
            value={action.Condition || "Success"}
            onChange={(Condition) => Condition && changeAction((a) => ({ ...a, Condition }))}
          />
          {action.Condition === "Variable" && (
            <ExpressionInput
              label={t("Expression")}
              variables={variables}
              value={expression}
              onChange={setExpression}
              error={expressionError}
              disabled={!mayEdit}
            />
          )}
        </div>
      )}
      <Environments />
      {!runbook && channels.length > 0 && (
        <PickMany
          label={t("Only for channels")}
          placeholder={t("All channels")}
          disabled={!mayEdit}
          error={channelError}
          choices={choicesOf(channels)}
          value={action.Channels}
          onChange={(Channels) => changeAction((a) => ({ ...a, Channels }))}
        />
      )}
      <TenantTags />
      <Checkbox
        label={t("Required: it cannot be left out of a deployment")}
        disabled={!mayEdit}
        checked={action.IsRequired}
        onChange={(e) => {
          const IsRequired = e.currentTarget.checked;
          changeAction((a) => ({ ...a, IsRequired }));
        }}
      />
    </>
  );
}

function Environments() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const error = useComplaint("Environments", "ExcludedEnvironments");
  const [excluding, exclude] = useState((action.ExcludedEnvironments ?? []).length > 0);
  const value = excluding ? action.ExcludedEnvironments : action.Environments;
  const put = (ids: string[], not: boolean) =>
    changeAction((a) => ({ ...a, Environments: not ? [] : ids, ExcludedEnvironments: not ? ids : [] }));
  return (
    <div className={classes.group}>
      <SegmentedControl
        aria-label={t("Environments")}
        size="xs"
        w="fit-content"
        disabled={!mayEdit}
        data={[
          { value: "only", label: t("Only in these environments") },
          { value: "not", label: t("Not in these environments") },
        ]}
        value={excluding ? "not" : "only"}
        onChange={(v) => {
          exclude(v === "not");
          if ((value ?? []).length > 0) put(value ?? [], v === "not");
        }}
      />
      <PickMany
        aria-label={excluding ? t("Excluded environments") : t("Environments it runs in")}
        placeholder={excluding ? t("None") : t("All environments")}
        disabled={!mayEdit}
        error={error}
        choices={choicesOf(environments.data)}
        value={value}
        onChange={(ids) => put(ids, excluding)}
      />
    </div>
  );
}

function TenantTags() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const error = useComplaint("TenantTags");
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  const choices = (sets.data ?? []).flatMap((s) =>
    (s.Tags ?? []).map((tag) => ({ value: tag.CanonicalTagName, label: tag.CanonicalTagName })),
  );
  if (choices.length === 0 && (action.TenantTags ?? []).length === 0) return null;
  return (
    <PickMany
      label={t("Only for tenants with these tags")}
      placeholder={t("All tenants")}
      disabled={!mayEdit}
      error={error}
      choices={choices}
      value={action.TenantTags}
      onChange={(TenantTags) => changeAction((a) => ({ ...a, TenantTags }))}
    />
  );
}
