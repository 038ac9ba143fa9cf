import { FileButton, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { t } from "~/text/t";
import { type Account, type Kind, type Member, type Secret, secretOf } from "./accounts";
import classes from "./Form.module.css";

type Props = { kind: Kind; value: Partial<Account>; onChange: (value: Partial<Account>) => void };

// AccountFields are the members that a kind of account has.
export function AccountFields({ kind, value, onChange }: Props) {
  return kind.members.map((m) => (
    <Field key={m.name} member={m} value={value[m.name]} onChange={(v) => onChange({ ...value, [m.name]: v })} />
  ));
}

type FieldProps = { member: Member; value: unknown; onChange: (value: unknown) => void };

function Field({ member, value, onChange }: FieldProps) {
  const label = t(member.label);
  const description = member.hint && t(member.hint);
  if (!member.secret) {
    return (
      <TextInput
        label={label}
        description={description}
        value={(value as string | null) ?? ""}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  }
  const kept = (value as Secret | null)?.HasValue && (value as Secret).NewValue === undefined;
  const rest = {
    label,
    description,
    placeholder: kept ? t("Kept as it is; type to replace it") : member.optional ? t("None") : "",
    autoComplete: "off",
  };
  if (!member.long) {
    return <PasswordInput {...rest} onChange={(e) => onChange(secretOf(member, e.currentTarget.value))} />;
  }
  return (
    <div>
      <Textarea
        {...rest}
        autosize
        minRows={4}
        maxRows={10}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mono, monospace)", fontSize: 12.5 } }}
        onChange={(e) => onChange(secretOf(member, e.currentTarget.value))}
      />
      <FileButton onChange={async (file) => file && onChange(secretOf(member, await file.text()))}>
        {(props) => (
          <button type="button" className={classes.file} {...props}>
            {t("or take it from a file…")}
          </button>
        )}
      </FileButton>
    </div>
  );
}
