import { t } from "~/text/t";
import { ExpressionInput } from "~/ui/ExpressionInput";
import { useEditor, useFocus, useVariableNames } from "../editor";
import { listOf, roles, textOf, windowSize } from "../steps";
import { Text, useComplaint, useStepProperty } from "./fields";
import classes from "./parts.module.css";

export const retries = "Octopus.Action.AutoRetry.MaximumCount";
export const backoff = "Octopus.Action.AutoRetry.MinimumBackoff";
export const timeout = "Octopus.Action.ExecutionTimeout.Minutes";

// Trouble says what happens when an action fails or takes too long.
export function Trouble() {
  return (
    <div className={classes.pair}>
      <Text name={retries} label={t("Retries")} placeholder={t("None")} />
      <Text name={backoff} label={t("Seconds before each")} placeholder={t("None")} />
      <Text name={timeout} label={t("Time limit in minutes")} placeholder={t("None")} />
    </div>
  );
}

// Window says on how many targets a step runs at once.
export function Window() {
  const { step } = useFocus();
  const { mayEdit } = useEditor();
  const [value, set] = useStepProperty(windowSize);
  const variables = useVariableNames();
  const error = useComplaint(windowSize);
  if (listOf(textOf(step.Properties, roles)).length === 0) {
    return <p className="dim">{t("A window is for steps that run on targets.")}</p>;
  }
  return (
    <ExpressionInput
      label={t("Targets at once")}
      description={t("The step goes through the targets in a window of this many. Without one it runs on all at once.")}
      placeholder={t("All")}
      variables={variables}
      value={value}
      onChange={set}
      error={error}
      disabled={!mayEdit}
    />
  );
}
