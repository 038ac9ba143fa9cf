import { Checkbox, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { optionsOf } from "~/ui/PromptField";
import { defaultText, isMissing, isSecret, kindOf, type Template, type Value } from "./values";

type Props = { template: Template; label: string; value: unknown; disabled: boolean; onChange: (value: Value) => void };

// ValueField asks for a tenant's value the way that its template says.
export function ValueField({ template, label, value, disabled, onChange }: Props) {
  const kind = kindOf(template);
  const missing = isMissing(template, value);
  const shared = {
    "aria-label": missing ? t("{label}, missing", { label }) : label,
    disabled,
    size: "xs" as const,
    placeholder: defaultText(template) || t("Missing"),
    styles: missing ? { input: { borderColor: "var(--warn)" } } : undefined,
  };
  const text = typeof value === "string" ? value : "";
  if (kind === "Sensitive") {
    const secret = isSecret(value) ? value : undefined;
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        placeholder={secret?.HasValue ? t("Kept as it is; type to replace it") : shared.placeholder}
        value={secret?.NewValue ?? ""}
        visibilityToggleButtonProps={{ "aria-label": t("Show what is typed") }}
        onChange={(e) =>
          onChange({ HasValue: Boolean(secret?.HasValue), NewValue: e.currentTarget.value || undefined })
        }
      />
    );
  }
  if (kind === "Checkbox") {
    return (
      <Checkbox
        aria-label={label}
        disabled={disabled}
        checked={(text || defaultText(template)).toLowerCase() === "true"}
        onChange={(e) => onChange(e.currentTarget.checked ? "True" : "False")}
      />
    );
  }
  if (kind === "Select") {
    const data = optionsOf(template.DisplaySettings?.["Octopus.SelectOptions"]);
    return <Select {...shared} clearable data={data} value={text || null} onChange={(v) => onChange(v ?? "")} />;
  }
  if (/Account$|^Certificate$|^WorkerPool$/.test(kind))
    return <Named {...shared} kind={kind} value={text} onChange={onChange} />;
  if (kind === "MultiLineText") {
    return <Textarea {...shared} minRows={1} value={text} onChange={(e) => onChange(e.currentTarget.value)} />;
  }
  return <TextInput {...shared} value={text} onChange={(e) => onChange(e.currentTarget.value)} />;
}

type NamedProps = { kind: string; value: string; disabled: boolean; onChange: (value: string) => void };

// Named chooses an account, a certificate or a worker pool by its name.
function Named({ kind, value, onChange, ...rest }: NamedProps) {
  const isAccount = kind.endsWith("Account");
  const accounts = useGet("/api/{spaceId}/accounts/all", {}, { enabled: isAccount });
  const certificates = useGet("/api/{spaceId}/certificates/all", {}, { enabled: kind === "Certificate" });
  const pools = useGet("/api/{spaceId}/workerpools/all", {}, { enabled: kind === "WorkerPool" });
  const wanted = kind === "AmazonWebServicesAccount" || kind === "AzureAccount" ? kind : "";
  const all: { Id: string; Name: string; AccountType?: string }[] =
    accounts.data ?? certificates.data ?? (pools.data as { Id: string; Name: string }[] | undefined) ?? [];
  const data = all
    .filter(
      (d) =>
        !isAccount ||
        !wanted ||
        wanted.startsWith(d.AccountType?.replace(/(Subscription|ServicePrincipal|Oidc)$/i, "") ?? ""),
    )
    .map((d) => ({ value: d.Id, label: d.Name }));
  return (
    <Select {...rest} searchable clearable data={data} value={value || null} onChange={(v) => onChange(v ?? "")} />
  );
}
