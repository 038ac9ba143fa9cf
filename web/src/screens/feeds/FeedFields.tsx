import { NumberInput, Switch, TextInput } from "@mantine/core";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { SecretField } from "~/ui/form/SecretField";
import { kinds, type Part } from "./kinds";

type Feed = Wire<"Feed">;

// FeedFields are the members that a type of feed has.
export function FeedFields(fields: Fields<Feed>) {
  const { value, put, readOnly } = fields;
  if (value.FeedType === "BuiltIn") return <BuiltIn {...fields} />;
  const kind = kinds.find((k) => k.type === value.FeedType);
  const has = (part: Part) => kind?.parts.includes(part) ?? false;
  const text = (name: keyof Feed, label: string, description?: string, placeholder?: string) => (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      disabled={readOnly}
      value={(value[name] as string | undefined) ?? ""}
      onChange={(e) => put({ [name]: e.currentTarget.value })}
    />
  );
  const secret = (name: keyof Feed, label: string, long = false) => (
    <SecretField
      label={label}
      long={long}
      disabled={readOnly}
      value={value[name]}
      onChange={(next) => put({ [name]: next })}
    />
  );
  const flag = (name: keyof Feed, label: string, description?: string) => (
    <Switch
      label={label}
      description={description}
      disabled={readOnly}
      checked={Boolean(value[name])}
      onChange={(e) => put({ [name]: e.currentTarget.checked })}
    />
  );
  return (
    <>
      {kind?.uri && text("FeedUri", t("Address"), undefined, kind.uri)}
      {has("region") && text("Region", t("Region"), undefined, "eu-central-1")}
      {has("machine") && flag("UseMachineCredentials", t("Use the credentials of the machine that the server is on"))}
      {has("keys") && !value.UseMachineCredentials && (
        <div className={form.pair}>
          {text("AccessKey", t("Access key"))}
          {secret("SecretKey", t("Secret key"))}
        </div>
      )}
      {has("account") && (
        <>
          {text("Project", t("Project"))}
          {flag("UseServiceAccountKey", t("Sign in with the key of a service account"))}
          {value.UseServiceAccountKey && secret("ServiceAccountJsonKey", t("JSON key"), true)}
        </>
      )}
      {has("login") && (
        <div className={form.pair}>
          {text("Username", t("User name"), undefined, t("None: anybody may read it"))}
          {secret("Password", t("Password or token"))}
        </div>
      )}
      {has("registry") && (
        <div className={form.pair}>
          {text("RegistryPath", t("Registry path"), t("What stands in front of the names of images."))}
          {text("ApiVersion", t("API version"), t("Found out by the server if it is empty."), "v2")}
        </div>
      )}
      {has("layout") && (
        <div className={form.pair}>
          {text("Repository", t("Repository"))}
          {text("LayoutRegex", t("Layout (regular expression)"))}
        </div>
      )}
      {has("enhanced") &&
        flag("EnhancedMode", t("Enhanced mode"), t("For feeds that tell all versions of a package in one answer."))}
      {has("retry") && (
        <div className={form.pair}>
          <NumberInput
            size="xs"
            label={t("Attempts to download")}
            min={1}
            disabled={readOnly}
            value={value.DownloadAttempts ?? 5}
            onChange={(n) => put({ DownloadAttempts: Number(n) || 1 })}
          />
          <NumberInput
            size="xs"
            label={t("Seconds between them")}
            min={0}
            disabled={readOnly}
            value={value.DownloadRetryBackoffSeconds ?? 10}
            onChange={(n) => put({ DownloadRetryBackoffSeconds: Number(n) || 0 })}
          />
        </div>
      )}
    </>
  );
}

function BuiltIn({ value, put, readOnly }: Fields<Feed>) {
  return (
    <>
      <NumberInput
        size="xs"
        label={t("Delete packages that are in no release after (days)")}
        placeholder={t("Never")}
        min={1}
        disabled={readOnly}
        value={value.DeleteUnreleasedPackagesAfterDays ?? ""}
        onChange={(n) => put({ DeleteUnreleasedPackagesAfterDays: n === "" ? null : Number(n) } as Partial<Feed>)}
      />
      <Switch
        label={t("Delete packages together with the releases that have them")}
        disabled={readOnly}
        checked={Boolean(value.DeletePackagesAssociatedWithReleases)}
        onChange={(e) => put({ DeletePackagesAssociatedWithReleases: e.currentTarget.checked })}
      />
    </>
  );
}
