import { FileButton, PasswordInput, Textarea } from "@mantine/core";
import { useState } from "react";
import { t } from "~/text/t";
import classes from "./form.module.css";

export type Secret = { HasValue: boolean; NewValue?: string | null };

type Props = {
  label: string;
  description?: string;
  value: unknown;
  onChange: (value: Secret) => void;
  disabled?: boolean;
  // long is for texts of several lines, which may come from a file.
  long?: boolean;
};

const style = { input: { fontFamily: "var(--mono)", fontSize: 12.5 } };

// SecretField takes a value that the server keeps and never tells again.
export function SecretField({ label, description, value, onChange, disabled, long }: Props) {
  const secret = value as Secret | null | undefined;
  const [was] = useState(Boolean(secret?.HasValue));
  const change = (text: string) =>
    onChange(text ? { HasValue: true, NewValue: text } : { HasValue: was, NewValue: undefined });
  const rest = {
    label,
    description,
    disabled,
    autoComplete: "new-password",
    placeholder: secret?.HasValue ? t("Kept as it is; type to replace it") : t("None"),
    value: secret?.NewValue ?? "",
  };
  if (!long) {
    return (
      <PasswordInput
        {...rest}
        visibilityToggleButtonProps={{ "aria-label": t("Show what is typed") }}
        onChange={(e) => change(e.currentTarget.value)}
      />
    );
  }
  return (
    <div>
      <Textarea
        {...rest}
        minRows={4}
        maxRows={10}
        spellCheck={false}
        styles={style}
        onChange={(e) => change(e.currentTarget.value)}
      />
      {!disabled && (
        <FileButton onChange={async (file) => file && change(await file.text())}>
          {(props) => (
            <button type="button" className={classes.file} {...props}>
              {t("or take it from a file…")}
            </button>
          )}
        </FileButton>
      )}
    </div>
  );
}
