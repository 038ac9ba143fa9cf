import { ActionIcon, Button, Select, Textarea, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { newId } from "~/ui/draft/merge";
import form from "~/ui/form/form.module.css";
import { Section } from "~/ui/Section";
import classes from "./templates.module.css";

type Parameter = Wire<"Parameter">;

const control = "Octopus.ControlType";
const options = "Octopus.SelectOptions";

// inSteps are kinds that only steps can be asked for.
const inSteps = ["StepName", "Package"];

const controls = [
  { value: "SingleLineText", label: t("Text") },
  { value: "MultiLineText", label: t("Text of several lines") },
  { value: "Select", label: t("Choice") },
  { value: "Checkbox", label: t("Yes or no") },
  { value: "Sensitive", label: t("Secret") },
  { value: "StepName", label: t("Name of an earlier step") },
  { value: "Package", label: t("Package") },
  { value: "AmazonWebServicesAccount", label: t("AWS account") },
  { value: "AzureAccount", label: t("Azure account") },
  { value: "GoogleCloudAccount", label: t("Google Cloud account") },
  { value: "UsernamePasswordAccount", label: t("Account with a password") },
  { value: "Certificate", label: t("Certificate") },
  { value: "WorkerPool", label: t("Worker pool") },
];

// unnamed says what is missing before a list of parameters can be sent.
export const unnamed = (list: Parameter[] | null) =>
  (list ?? []).some((p) => !p.Name.trim()) ? t("Each needs a variable name.") : undefined;

type Props = {
  value: Parameter[] | null;
  onChange: (list: Parameter[]) => void;
  readOnly: boolean;
  // words are what they are called: those of a step, or those that tenants have.
  words: { title: string; none: string; add: string; one: string };
  ofStep?: boolean;
};

// Parameters are what somebody is asked for by name: the step template by a
// process, the project or the library set by a tenant.
export function Parameters({ value, onChange: set, readOnly, words, ofStep = false }: Props) {
  const list = value ?? [];
  const change = (id: string, next: Partial<Parameter>) => set(list.map((p) => (p.Id === id ? { ...p, ...next } : p)));
  const move = (from: number, by: number) => {
    const next = [...list];
    const [moved] = next.splice(from, 1);
    if (moved) next.splice(from + by, 0, moved);
    set(next);
  };
  const add = () =>
    set([
      ...list,
      {
        Id: newId(),
        Name: "",
        Label: "",
        HelpText: "",
        DefaultValue: "",
        DisplaySettings: { [control]: "SingleLineText" },
      } as unknown as Parameter,
    ]);
  return (
    <Section
      title={words.title}
      actions={
        !readOnly && (
          <Button variant="default" leftSection={<IconPlus size={15} />} onClick={add}>
            {words.add}
          </Button>
        )
      }
    >
      {list.length === 0 && <p className="dim">{words.none}</p>}
      <div className={form.fields}>
        {list.map((p, i) => (
          <section key={p.Id} className={classes.parameter} aria-label={`${words.one} ${i + 1}`}>
            <header className={classes.head}>
              <b>{p.Label || p.Name || `${words.one} ${i + 1}`}</b>
              {!readOnly && (
                <Moves
                  name={p.Name}
                  first={i === 0}
                  last={i === list.length - 1}
                  onMove={(by) => move(i, by)}
                  onRemove={() => set(list.filter((x) => x.Id !== p.Id))}
                />
              )}
            </header>
            <ParameterFields
              parameter={p}
              ofStep={ofStep}
              readOnly={readOnly}
              onChange={(next) => change(p.Id, next)}
            />
          </section>
        ))}
      </div>
    </Section>
  );
}

type MovesProps = {
  name: string;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
  onRemove: () => void;
};

function Moves({ name, first, last, onMove, onRemove }: MovesProps) {
  const button = (label: string, Picture: typeof IconTrash, onClick: () => void, disabled = false) => (
    <ActionIcon variant="subtle" color="gray" size={28} aria-label={label} disabled={disabled} onClick={onClick}>
      <Picture size={15} />
    </ActionIcon>
  );
  return (
    <span className={classes.moves}>
      {button(t("Move {name} up", { name }), IconArrowUp, () => onMove(-1), first)}
      {button(t("Move {name} down", { name }), IconArrowDown, () => onMove(1), last)}
      {button(t("Remove {name}", { name }), IconTrash, onRemove)}
    </span>
  );
}

type ParameterProps = {
  parameter: Parameter;
  ofStep: boolean;
  readOnly: boolean;
  onChange: (next: Partial<Parameter>) => void;
};

function ParameterFields({ parameter: p, ofStep, readOnly, onChange }: ParameterProps) {
  const settings = p.DisplaySettings ?? {};
  const type = settings[control] ?? "SingleLineText";
  const offered = controls.filter((c) => ofStep || !inSteps.includes(c.value));
  const known = offered.some((c) => c.value === type) ? offered : [...offered, { value: type, label: type }];
  return (
    <>
      <div className={form.pair}>
        <TextInput
          label={t("Variable name")}
          disabled={readOnly}
          spellCheck={false}
          value={p.Name}
          onChange={(e) => onChange({ Name: e.currentTarget.value })}
        />
        <TextInput
          label={t("Label")}
          disabled={readOnly}
          value={p.Label}
          onChange={(e) => onChange({ Label: e.currentTarget.value })}
        />
        <Select
          label={t("Kind")}
          allowDeselect={false}
          disabled={readOnly}
          data={known}
          value={type}
          onChange={(next) => next && onChange({ DisplaySettings: { ...settings, [control]: next } })}
        />
        {type !== "Sensitive" && (
          <TextInput
            label={t("Default value")}
            disabled={readOnly}
            value={typeof p.DefaultValue === "string" ? p.DefaultValue : ""}
            onChange={(e) => onChange({ DefaultValue: e.currentTarget.value })}
          />
        )}
      </div>
      {type === "Select" && (
        <Textarea
          label={t("Choices")}
          description={t("One a line, as value|what is shown.")}
          disabled={readOnly}
          value={settings[options] ?? ""}
          onChange={(e) => onChange({ DisplaySettings: { ...settings, [options]: e.currentTarget.value } })}
        />
      )}
      <TextInput
        label={t("Help")}
        disabled={readOnly}
        value={p.HelpText}
        onChange={(e) => onChange({ HelpText: e.currentTarget.value })}
      />
    </>
  );
}
