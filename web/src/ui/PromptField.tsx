import { Checkbox, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";

type Props = {
  control: Wire<"FormControl">;
  required: boolean;
  value: string;
  onChange: (value: string) => void;
};

// optionsOf reads the choices of a drop-down: lines of value|label.
export function optionsOf(text: string | undefined) {
  return (text ?? "")
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => {
      const cut = line.indexOf("|");
      return cut < 0 ? { value: line, label: line } : { value: line.slice(0, cut), label: line.slice(cut + 1) };
    });
}

// PromptField asks for a value the way that its variable or parameter says.
export function PromptField({ control, required, value, onChange }: Props) {
  const settings = control.DisplaySettings ?? {};
  const about = {
    label: control.Label || control.Name,
    description: control.Description || undefined,
    required,
    withAsterisk: false,
  };
  switch (settings["Octopus.ControlType"]) {
    case "Checkbox":
      return (
        <Checkbox
          label={about.label}
          description={about.description}
          checked={value.toLowerCase() === "true"}
          onChange={(e) => onChange(e.currentTarget.checked ? "True" : "False")}
        />
      );
    case "Sensitive":
      return (
        <PasswordInput
          {...about}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t("Show the value") }}
          value={value}
          onChange={(e) => onChange(e.currentTarget.value)}
        />
      );
    case "Select":
      return (
        <Select
          {...about}
          data={optionsOf(settings["Octopus.SelectOptions"])}
          value={value || null}
          onChange={(chosen) => onChange(chosen ?? "")}
        />
      );
    case "MultiLineText":
      return <Textarea {...about} value={value} onChange={(e) => onChange(e.currentTarget.value)} />;
    default:
      return <TextInput {...about} value={value} onChange={(e) => onChange(e.currentTarget.value)} />;
  }
}
