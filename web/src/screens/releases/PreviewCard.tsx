import { Alert, Checkbox } from "@mantine/core";
import type { ApiError } from "~/api/error";
import type { Wire } from "~/api/wire";
import { many, t } from "~/text/t";
import { Fold } from "~/ui/Fold";
import { PromptField } from "~/ui/PromptField";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { Loading } from "~/ui/state";
import classes from "./Deploy.module.css";
import { type Choice, type Foreseen, type Place, unanswered, valueKey } from "./deployment";

type Props = {
  place: Place;
  name: string;
  preview: Foreseen | undefined;
  error: ApiError | null;
  choice: Choice;
  onChange: (part: Partial<Choice>) => void;
  folded: boolean;
};

// PreviewCard says what a deployment would do at a place, and asks what it
// needs to know. Folded it says so in a line, until something is wrong.
export function PreviewCard({ place, name, preview, error, choice, onChange, folded }: Props) {
  const content = (
    <>
      {error && <Refusal of={error} />}
      {!preview && !error && <Loading rows={2} />}
      {preview?.Blocked && (
        <Alert color="bad" m={12}>
          {preview.Blocked}
        </Alert>
      )}
      {preview && <Questions place={place} form={preview.Form} choice={choice} onChange={onChange} />}
      {preview && <Steps preview={preview} choice={choice} onChange={onChange} />}
    </>
  );
  if (!folded) {
    return (
      <Section title={name} flush>
        {content}
      </Section>
    );
  }
  const lacking = unanswered(place, preview?.Form, choice.values).length > 0;
  return (
    <Fold title={name} summary={preview && summaryOf(preview)} wrong={Boolean(error || preview?.Blocked || lacking)}>
      {content}
    </Fold>
  );
}

// summaryOf says in a line how much would be done.
function summaryOf(preview: Foreseen): string {
  const steps = preview.StepsToExecute ?? [];
  const machines = new Set(steps.flatMap((s) => (s.Machines ?? []).map((m) => m.Id))).size;
  const words = many(steps.length, "{n} step", "{n} steps");
  if (machines === 0) return words;
  return t("{steps} on {targets}", { steps: words, targets: many(machines, "{n} target", "{n} targets") });
}

type QuestionsProps = Pick<Props, "place" | "choice" | "onChange"> & { form: Wire<"Form"> };

function Questions({ place, form, choice, onChange }: QuestionsProps) {
  const elements = form.Elements ?? [];
  if (elements.length === 0) return null;
  return (
    <div className={classes.questions}>
      {elements.map(({ Name, Control, IsValueRequired }) => {
        const key = valueKey(place, Name);
        return (
          <PromptField
            key={Name}
            control={Control}
            required={Control.Required || IsValueRequired}
            value={choice.values[key] ?? form.Values?.[Name] ?? ""}
            onChange={(value) => onChange({ values: { ...choice.values, [key]: value } })}
          />
        );
      })}
    </div>
  );
}

type StepsProps = Pick<Props, "choice" | "onChange"> & { preview: Foreseen };

function Steps({ preview, choice, onChange }: StepsProps) {
  const toggle = (id: string) =>
    onChange({
      skipped: choice.skipped.includes(id) ? choice.skipped.filter((s) => s !== id) : [...choice.skipped, id],
    });
  const steps = preview.StepsToExecute ?? [];
  const left = preview.StepsLeftOut ?? [];
  return (
    <ol className={classes.steps}>
      {steps.map((s) => (
        <li key={s.ActionId}>
          <Checkbox
            label={`${s.ActionNumber}. ${s.ActionName}`}
            checked={!choice.skipped.includes(s.ActionId) && !s.IsDisabled}
            disabled={!s.CanBeSkipped || s.IsDisabled}
            onChange={() => toggle(s.ActionId)}
          />
          <span className={classes.on}>
            <Machines step={s} />
          </span>
        </li>
      ))}
      {left.map((s) => (
        <li key={s.ActionId}>
          <Checkbox label={`${s.ActionNumber}. ${s.ActionName}`} checked={false} disabled readOnly />
          <span className={`dim ${classes.on}`}>{s.Reason}</span>
        </li>
      ))}
    </ol>
  );
}

function Machines({ step }: { step: Wire<"PreviewStep"> }) {
  const machines = step.Machines ?? [];
  const out = [
    ...(step.ExcludedMachines ?? []).map((m) => `${m.Name}: ${m.Reason}`),
    ...(step.UnavailableMachines ?? []).map((m) => t("{name} is not available", { name: m.Name })),
  ];
  return (
    <>
      {step.HasNoApplicableMachines ? (
        <span className={classes.warning}>
          {t("No target has the tags {tags} here; the step is skipped.", { tags: (step.Roles ?? []).join(", ") })}
        </span>
      ) : (
        <span className="dim">
          {machines.length === 0 ? t("on the server or a worker") : machines.map((m) => m.Name).join(", ")}
        </span>
      )}
      {step.Warning && <span className={classes.warning}>{step.Warning}</span>}
      {out.length > 0 && <span className="dim">{out.join(" · ")}</span>}
    </>
  );
}
