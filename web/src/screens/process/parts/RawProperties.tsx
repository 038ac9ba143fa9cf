import { ActionIcon, Button, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "~/text/t";
import { useEditor, useFocus } from "../editor";
import { type Properties, withProperty } from "../steps";
import classes from "./RawProperties.module.css";

// RawProperties edits all properties of an action as they are.
export function RawProperties() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const [name, setName] = useState("");
  const names = Object.keys(action.Properties ?? {}).sort();
  const set = (key: string, value: Properties[string]) =>
    changeAction((a) => ({ ...a, Properties: { ...a.Properties, [key]: value } }));
  const add = () => {
    if (!name.trim() || names.includes(name.trim())) return;
    set(name.trim(), "");
    setName("");
  };
  return (
    <div className={classes.table}>
      {names.length === 0 && <p className="dim">{t("It has no properties.")}</p>}
      {names.map((key) => (
        <div key={key} className={classes.row}>
          <code className={classes.name}>{key}</code>
          <Value label={key} value={action.Properties?.[key] ?? ""} onChange={(v) => set(key, v)} disabled={!mayEdit} />
          {mayEdit && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t("Remove {name}", { name: key })}
              onClick={() => changeAction((a) => ({ ...a, Properties: withProperty(a.Properties, key, "") }))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          )}
        </div>
      ))}
      {mayEdit && (
        <div className={classes.add}>
          <TextInput
            aria-label={t("Name of a new property")}
            placeholder="Octopus.Action.…"
            flex={1}
            spellCheck={false}
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            onKeyDown={(e) => e.key === "Enter" && add()}
          />
          <Button variant="default" leftSection={<IconPlus size={15} />} onClick={add} disabled={!name.trim()}>
            {t("Add property")}
          </Button>
        </div>
      )}
    </div>
  );
}

type ValueProps = {
  label: string;
  value: Properties[string];
  onChange: (value: Properties[string]) => void;
  disabled: boolean;
};

// Value is a text, or a secret that can only be replaced.
function Value({ label, value, onChange, disabled }: ValueProps) {
  if (typeof value === "string") {
    return (
      <Textarea
        aria-label={label}
        minRows={1}
        maxRows={8}
        spellCheck={false}
        disabled={disabled}
        value={value}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  }
  const secret = value as unknown as { HasValue?: boolean; NewValue?: string | null };
  return (
    <PasswordInput
      size="xs"
      aria-label={label}
      disabled={disabled}
      placeholder={secret.HasValue ? t("Set. Type to replace it.") : t("Not set")}
      value={secret.NewValue ?? ""}
      onChange={(e) =>
        onChange({ ...secret, HasValue: true, NewValue: e.currentTarget.value } as unknown as Properties[string])
      }
    />
  );
}
