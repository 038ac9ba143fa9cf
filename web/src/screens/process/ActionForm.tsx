import { Switch, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import { Fold } from "~/ui/Fold";
import classes from "./ActionForm.module.css";
import { useEditor, useFocus } from "./editor";
import { ActionConditions, StepConditions } from "./parts/Conditions";
import { useComplaint } from "./parts/fields";
import { Location, TargetTags } from "./parts/Location";
import { Notes } from "./parts/Notes";
import { RawProperties } from "./parts/RawProperties";
import { References } from "./parts/References";
import { Template } from "./parts/Template";
import { Trouble, Window } from "./parts/Trouble";
import { useNames } from "./StepList";
import { isRolling, renamed, textOf } from "./steps";
import { packagesOf, troubleOf, whenOf, whereOf, windowOf } from "./summary";
import { isKnown, typeOf } from "./types/registry";

const templateId = "Octopus.Action.Template.Id";

// ActionForm edits an action, and its step with it when it is alone in it.
export function ActionForm({ first }: { first: boolean }) {
  const { step, action, changeAction } = useFocus();
  const { change, mayEdit } = useEditor();
  const names = useNames();
  const type = typeOf(action);
  const child = isRolling(step);
  const nameError = useComplaint("Name");
  const template = textOf(action.Properties, templateId);
  const Picture = type.icon;
  const when = whenOf(step, action, names).join(" · ");
  return (
    <div className={classes.form}>
      <header className={classes.head}>
        <span className={classes.icon}>
          <Picture size={20} stroke={1.6} />
        </span>
        <TextInput
          label={t("Name")}
          flex={1}
          miw={180}
          disabled={!mayEdit}
          error={nameError}
          value={action.Name}
          onChange={(e) => {
            const name = e.currentTarget.value;
            change((steps) => renamed(steps, action.Id, name));
          }}
        />
        <Switch
          label={t("Enabled")}
          labelPosition="left"
          disabled={!mayEdit}
          checked={!action.IsDisabled}
          onChange={(e) => {
            const IsDisabled = !e.currentTarget.checked;
            changeAction((a) => ({ ...a, IsDisabled }));
          }}
        />
      </header>
      <Complaints />
      <Fold title={template ? t("Parameters") : type.label} open>
        {template ? <Template id={template} /> : <type.Form />}
      </Fold>
      <Fold title={t("Where it runs")} summary={whereOf(step, action)} open={type.where !== "server"}>
        <Location />
      </Fold>
      <Fold title={t("When it runs")} summary={when || t("in every deployment, when all before it succeeded")}>
        {!child && <StepConditions first={first} />}
        <ActionConditions />
      </Fold>
      {type.repeats && (
        <Fold title={t("Retries and time limit")} summary={troubleOf(action)}>
          <Trouble />
        </Fold>
      )}
      {!child && type.where !== "server" && (
        <Fold title={t("Rolling deployment")} summary={windowOf(step)}>
          <Window />
        </Fold>
      )}
      {type.type !== "Octopus.Manual" && type.type !== "Octopus.Email" && type.type !== "Octopus.HealthCheck" && (
        <Fold title={t("Further packages")} summary={packagesOf(action)}>
          <References />
        </Fold>
      )}
      <Fold title={t("Notes")} summary={action.Notes || t("none")}>
        <Notes />
      </Fold>
      {(isKnown(action.ActionType) || template) && (
        <Fold
          title={t("All properties")}
          summary={t("{n} as they are stored", { n: Object.keys(action.Properties ?? {}).length })}
        >
          <RawProperties />
        </Fold>
      )}
    </div>
  );
}

// StepForm edits what the actions of a step have in common.
export function StepForm({ first }: { first: boolean }) {
  const { step, changeStep } = useFocus();
  const { mayEdit } = useEditor();
  const error = useComplaint("Name");
  return (
    <div className={classes.form}>
      <header className={classes.head}>
        <TextInput
          label={t("Name of the step")}
          flex={1}
          disabled={!mayEdit}
          error={error}
          value={step.Name}
          onChange={(e) => {
            const Name = e.currentTarget.value;
            changeStep((s) => ({ ...s, Name }));
          }}
        />
      </header>
      <Complaints />
      <Fold title={t("Where its actions run")} open>
        <TargetTags />
      </Fold>
      <Fold title={t("Rolling deployment")} open summary={windowOf(step)}>
        <p className="dim">{t("All of its actions are done on a target before the next target begins.")}</p>
        <Window />
      </Fold>
      <Fold title={t("When it runs")} open>
        <StepConditions first={first} />
      </Fold>
    </div>
  );
}

// Complaints are those that no field shows.
function Complaints() {
  const { complaints } = useEditor();
  const { step, action } = useFocus();
  const mine = complaints.filter((c) => (c.action ? c.action === action.Id : c.step === step.Id));
  if (mine.length === 0) return null;
  return (
    <ul className={classes.complaints}>
      {mine.map((c) => (
        <li key={c.text}>{c.text}</li>
      ))}
    </ul>
  );
}
