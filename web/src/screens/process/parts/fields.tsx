// Fields that are bound to the properties of the action being edited.
import { Checkbox, Select } from "@mantine/core";
import { many, t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";
import type { Language } from "~/ui/code/completion";
import { ExpressionInput } from "~/ui/ExpressionInput";
import { useEditor, useFocus, useVariableNames } from "../editor";
import { isTrue, textOf, withProperty } from "../steps";

// useProperty gives a property of the action and a way to change it.
export function useProperty(name: string): [string, (value: string) => void] {
  const { action, changeAction } = useFocus();
  const set = (value: string) => changeAction((a) => ({ ...a, Properties: withProperty(a.Properties, name, value) }));
  return [textOf(action.Properties, name), set];
}

// useStepProperty is the same for a property of the whole step.
export function useStepProperty(name: string): [string, (value: string) => void] {
  const { step, changeStep } = useFocus();
  const set = (value: string) => changeStep((s) => ({ ...s, Properties: withProperty(s.Properties, name, value) }));
  return [textOf(step.Properties, name), set];
}

// useComplaint is what the server says of one property, or of several.
export function useComplaint(...names: string[]): string | undefined {
  const { complaints } = useEditor();
  const { step, action } = useFocus();
  const mine = complaints.filter(
    (c) => c.property && names.includes(c.property) && (c.action ? c.action === action.Id : c.step === step.Id),
  );
  return mine.length > 0 ? mine.map((c) => c.text).join(" ") : undefined;
}

type FieldProps = { name: string; label: string; description?: string; placeholder?: string; required?: boolean };

export function Text({ name, rows, ...rest }: FieldProps & { rows?: number }) {
  const [value, set] = useProperty(name);
  const { mayEdit } = useEditor();
  const error = useComplaint(name);
  const variables = useVariableNames();
  return (
    <ExpressionInput
      {...rest}
      rows={rows}
      variables={variables}
      value={value}
      onChange={set}
      error={error}
      disabled={!mayEdit}
    />
  );
}

export function Code({ name, language, rows, ...rest }: FieldProps & { language: Language; rows?: number }) {
  const [value, set] = useProperty(name);
  const { mayEdit } = useEditor();
  const error = useComplaint(name);
  const variables = useVariableNames();
  return (
    <CodeEditor
      {...rest}
      key={name}
      rows={rows}
      language={language}
      completions={{ variables }}
      value={value}
      onChange={set}
      error={error}
      readOnly={!mayEdit}
    />
  );
}

// Flag is a property that is True or False. One that was never set shows what
// it means then, and stays unset until it is changed.
export function Flag({ name, label, description, otherwise = false }: FieldProps & { otherwise?: boolean }) {
  const [value, set] = useProperty(name);
  const { mayEdit } = useEditor();
  const bound = value.includes("#{");
  if (bound) return <Text name={name} label={label} description={description} />;
  return (
    <Checkbox
      label={label}
      description={description}
      disabled={!mayEdit}
      checked={value === "" ? otherwise : isTrue(value)}
      onChange={(e) => set(e.currentTarget.checked ? "True" : "False")}
    />
  );
}

type PickProps = FieldProps & { choices: { value: string; label: string }[]; otherwise?: string };

export function Pick({ name, choices, otherwise, ...rest }: PickProps) {
  const [value, set] = useProperty(name);
  const { mayEdit } = useEditor();
  const error = useComplaint(name);
  const current = value || otherwise || null;
  const known = choices.find((c) => c.value.toLowerCase() === current?.toLowerCase());
  const data = known || !current ? choices : [...choices, { value: current, label: current }];
  return (
    <Select
      {...rest}
      withAsterisk={false}
      data={data}
      disabled={!mayEdit}
      error={error}
      allowDeselect={false}
      value={known?.value ?? current}
      onChange={(next) => next && set(next)}
    />
  );
}

const enabledFeatures = "Octopus.Action.EnabledFeatures";

// useFeature switches one of the optional features of a step on and off.
export function useFeature(feature: string): [boolean, (on: boolean) => void] {
  const [value, set] = useProperty(enabledFeatures);
  const all = value
    .split(",")
    .map((f) => f.trim())
    .filter(Boolean);
  const on = all.some((f) => f.toLowerCase() === feature.toLowerCase());
  const toggle = (next: boolean) => {
    const others = all.filter((f) => f.toLowerCase() !== feature.toLowerCase());
    set((next ? [...others, feature] : others).join(","));
  };
  return [on, toggle];
}

// lines says how many lines a text has, for summaries.
export const lines = (text: string) =>
  text.trim() === "" ? t("empty") : many(text.trim().split("\n").length, "1 line", "{n} lines");
