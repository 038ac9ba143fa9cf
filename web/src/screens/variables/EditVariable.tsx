import { Button, Checkbox, Group, Modal, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";
import type { Language } from "~/ui/code/completion";
import classes from "./EditVariable.module.css";
import { ScopePick } from "./ScopePick";
import { useSheet, useValueChoices } from "./sheet";
import { changeOne, isSensitive, isText, types, type Variable, withType } from "./variables";

type Props = { variable: Variable | undefined; onClose: () => void };

// EditVariable shows everything about one value of a variable.
export function EditVariable({ variable, onClose }: Props) {
  return (
    <Modal opened={Boolean(variable)} onClose={onClose} size={760} title={variable?.Name || t("Variable")}>
      {variable && <Form key={variable.Id} variable={variable} onClose={onClose} />}
    </Modal>
  );
}

const languages: { value: Language; label: string }[] = [
  { value: "Text", label: t("Text") },
  { value: "Json", label: "JSON" },
  { value: "Bash", label: "Bash" },
  { value: "PowerShell", label: "PowerShell" },
];

const guess = (text: string): Language => (/^\s*[{[]/.test(text) ? "Json" : "Text");

function Form({ variable, onClose }: { variable: Variable; onClose: () => void }) {
  const { change, mayEdit, names } = useSheet();
  const [v, set] = useState(variable);
  const [language, setLanguage] = useState<Language>(guess(variable.Value ?? ""));
  const may = mayEdit && variable.IsEditable;
  const put = (change: Partial<Variable>) => set((now) => ({ ...now, ...change }));
  const choices = useValueChoices(v.Type);
  return (
    <form
      className={classes.form}
      onSubmit={(e) => {
        e.preventDefault();
        change((all) => changeOne(all, v.Id, () => v));
        onClose();
      }}
    >
      <div className={classes.pair}>
        <TextInput
          label={t("Name")}
          spellCheck={false}
          disabled={!may}
          value={v.Name}
          onChange={(e) => put({ Name: e.currentTarget.value })}
        />
        <Select
          label={t("Type")}
          allowDeselect={false}
          disabled={!may}
          data={types}
          value={v.Type || "String"}
          onChange={(type) => type && set(withType(v, type))}
        />
      </div>
      {isSensitive(v) ? (
        <PasswordInput
          size="xs"
          label={t("Secret")}
          description={t("It is kept encrypted and never shown again. What you type replaces it.")}
          placeholder={v.Value === null ? t("Set; type to replace it") : undefined}
          autoComplete="new-password"
          disabled={!may}
          value={v.Value ?? ""}
          onChange={(e) => put({ Value: e.currentTarget.value || (variable.Value === null ? null : "") })}
        />
      ) : isText(v) ? (
        <div className={classes.value}>
          <CodeEditor
            label={t("Value")}
            language={language}
            completions={{ variables: names }}
            rows={5}
            readOnly={!may}
            value={v.Value ?? ""}
            onChange={(Value) => put({ Value })}
          />
          <Select
            aria-label={t("Shown as")}
            className={classes.language}
            styles={{ input: { height: 24, minHeight: 24 } }}
            allowDeselect={false}
            data={languages}
            value={language}
            onChange={(next) => next && setLanguage(next as Language)}
          />
        </div>
      ) : (
        <Select
          label={t("Value")}
          searchable
          clearable
          disabled={!may}
          data={choices}
          value={v.Value || null}
          onChange={(Value) => put({ Value: Value ?? "" })}
        />
      )}
      <ScopePick label={t("Scope")} value={v.Scope} onChange={(Scope) => put({ Scope })} />
      <Textarea
        label={t("Description")}
        minRows={1}
        disabled={!may}
        value={v.Description}
        onChange={(e) => put({ Description: e.currentTarget.value })}
      />
      <Prompting variable={v} put={put} disabled={!may} />
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        {may && <Button type="submit">{t("Apply")}</Button>}
      </Group>
    </form>
  );
}

const control = "Octopus.ControlType";
const options = "Octopus.SelectOptions";

const controls = [
  { value: "SingleLineText", label: t("A line of text") },
  { value: "MultiLineText", label: t("Several lines") },
  { value: "Checkbox", label: t("A tick box") },
  { value: "Select", label: t("A choice") },
];

type PromptProps = { variable: Variable; put: (change: Partial<Variable>) => void; disabled: boolean };

function Prompting({ variable, put, disabled }: PromptProps) {
  const prompt = variable.Prompt;
  const change = (next: Partial<NonNullable<Variable["Prompt"]>>) => prompt && put({ Prompt: { ...prompt, ...next } });
  const setting = (name: string, text: string) =>
    change({ DisplaySettings: { ...prompt?.DisplaySettings, [name]: text } });
  const kind = prompt?.DisplaySettings?.[control] ?? "SingleLineText";
  const first = { Label: "", Description: "", Required: false, DisplaySettings: { [control]: "SingleLineText" } };
  return (
    <div className={classes.prompt}>
      <Checkbox
        label={t("Ask for it when a deployment is created")}
        description={t("The value above is what the question begins with.")}
        disabled={disabled}
        checked={Boolean(prompt)}
        onChange={(e) => put({ Prompt: e.currentTarget.checked ? first : null })}
      />
      {prompt && (
        <>
          <div className={classes.pair}>
            <TextInput
              label={t("Label")}
              disabled={disabled}
              placeholder={variable.Name}
              value={prompt.Label}
              onChange={(e) => change({ Label: e.currentTarget.value })}
            />
            {!isSensitive(variable) && (
              <Select
                label={t("Asked by")}
                allowDeselect={false}
                disabled={disabled}
                data={controls}
                value={kind}
                onChange={(next) => next && setting(control, next)}
              />
            )}
          </div>
          {kind === "Select" && (
            <Textarea
              label={t("Choices")}
              description={t("One on each line: value|what is shown")}
              minRows={3}
              disabled={disabled}
              value={prompt.DisplaySettings?.[options] ?? ""}
              onChange={(e) => setting(options, e.currentTarget.value)}
            />
          )}
          <TextInput
            label={t("Help")}
            disabled={disabled}
            value={prompt.Description}
            onChange={(e) => change({ Description: e.currentTarget.value })}
          />
          <Checkbox
            label={t("An answer is required")}
            disabled={disabled}
            checked={prompt.Required}
            onChange={(e) => change({ Required: e.currentTarget.checked })}
          />
        </>
      )}
    </div>
  );
}
