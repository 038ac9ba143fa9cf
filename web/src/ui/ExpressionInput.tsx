import { ActionIcon, Combobox, Textarea, TextInput, useCombobox } from "@mantine/core";
import { IconBraces } from "@tabler/icons-react";
import { useRef } from "react";
import { t } from "~/text/t";
import { substitution } from "./code/completion";

type Props = {
  label?: string;
  "aria-label"?: string;
  description?: string;
  placeholder?: string;
  error?: string;
  value: string;
  onChange: (value: string) => void;
  // variables are the names that are offered after #{.
  variables: string[];
  disabled?: boolean;
  rows?: number;
  required?: boolean;
  autoFocus?: boolean;
};

// ExpressionInput is a field whose text may hold variables: it offers their
// names after #{, or when the button is pressed.
export function ExpressionInput({ value, onChange, variables, rows, required, ...rest }: Props) {
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const caret = () => field.current?.selectionStart ?? value.length;
  const begun = substitution.exec(value.slice(0, caret()))?.[1] ?? "";
  const wanted = begun.trim().toLowerCase();
  const found = variables.filter((name) => name.toLowerCase().includes(wanted)).slice(0, 50);

  const change = (next: string, at: number) => {
    onChange(next);
    if (substitution.test(next.slice(0, at))) {
      combobox.openDropdown();
      combobox.selectFirstOption();
    } else combobox.closeDropdown();
  };

  const put = (text: string, from: number, to: number, open: boolean) => {
    onChange(value.slice(0, from) + text + value.slice(to));
    const end = from + text.length;
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(end, end);
      if (open) combobox.openDropdown();
    });
  };

  const take = (name: string) => {
    const at = caret();
    const open = substitution.exec(value.slice(0, at));
    const close = value.slice(at).startsWith("}") ? 1 : 0;
    if (open) put(`${name}}`, at - (open[1] ?? "").length, at + close, false);
    else put(`#{${name}}`, at, at, false);
    combobox.closeDropdown();
  };

  const shared = {
    ...rest,
    ref: field,
    required,
    withAsterisk: false,
    autoComplete: "off",
    spellCheck: false,
    onBlur: () => combobox.closeDropdown(),
    rightSectionPointerEvents: "all" as const,
    rightSection: !rest.disabled && (
      <ActionIcon
        variant="subtle"
        size={26}
        color="gray"
        aria-label={t("Insert a variable")}
        onMouseDown={(e) => e.preventDefault()}
        onClick={() => put("#{", caret(), caret(), true)}
      >
        <IconBraces size={15} />
      </ActionIcon>
    ),
  };
  return (
    <Combobox store={combobox} onOptionSubmit={take} position="bottom-start">
      <Combobox.Target withExpandedAttribute={false}>
        {rows ? (
          <Textarea
            {...shared}
            styles={{ section: { alignItems: "start", paddingTop: 3 } }}
            minRows={rows}
            maxRows={24}
            value={value}
            onChange={(e) => change(e.target.value, e.target.selectionStart)}
          />
        ) : (
          <TextInput {...shared} value={value} onChange={(e) => change(e.target.value, e.target.selectionStart ?? 0)} />
        )}
      </Combobox.Target>
      <Combobox.Dropdown hidden={found.length === 0}>
        <Combobox.Options mah={240} style={{ overflowY: "auto" }} aria-label={t("Variables")}>
          {found.map((name) => (
            <Combobox.Option value={name} key={name}>
              <code>{name}</code>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
