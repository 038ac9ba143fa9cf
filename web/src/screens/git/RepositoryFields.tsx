import { Checkbox, Select, TagsInput, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { type Secret, SecretField } from "~/ui/form/SecretField";
import { choicesOf } from "~/ui/PickMany";
import type { Settings } from "./settings";

type Props = { value: Settings; put: (change: Partial<Settings>) => void; readOnly: boolean };

// RepositoryFields say where a project's repository is and what of it is used.
export function RepositoryFields({ value, put, readOnly }: Props) {
  const text = (label: string, member: "Url" | "DefaultBranch" | "BasePath", description?: string) => (
    <TextInput
      label={label}
      description={description}
      disabled={readOnly}
      spellCheck={false}
      value={value[member] ?? ""}
      onChange={(e) => put({ [member]: e.currentTarget.value })}
    />
  );
  return (
    <>
      {text(t("Address"), "Url", t("As git clone takes it: https://… or ssh://…"))}
      <Login value={value} put={put} readOnly={readOnly} />
      <div className={form.pair}>
        {text(t("Default branch"), "DefaultBranch", t("Releases are made from it unless another is chosen."))}
        {text(t("Folder"), "BasePath", t("In which the files of this project are."))}
      </div>
      <Checkbox
        label={t("Protect the default branch: changes are made on others and merged there")}
        disabled={readOnly}
        checked={Boolean(value.ProtectedDefaultBranch)}
        onChange={(e) => put({ ProtectedDefaultBranch: e.currentTarget.checked })}
      />
      <TagsInput
        size="xs"
        label={t("Other protected branches")}
        description={t("* stands for anything. Press Enter after each.")}
        placeholder="release/*"
        disabled={readOnly}
        value={value.ProtectedBranchNamePatterns ?? []}
        onChange={(ProtectedBranchNamePatterns) => put({ ProtectedBranchNamePatterns })}
      />
    </>
  );
}

function Login({ value, put, readOnly }: Props) {
  const maySee = useMay("GitCredentialView");
  const credentials = useGet("/api/{spaceId}/git-credentials/all", {}, { enabled: maySee });
  const now = value.Credentials;
  const type = now?.Type || "Anonymous";
  const change = (next: Partial<NonNullable<typeof now>>) =>
    put({ Credentials: { ...(now as NonNullable<typeof now>), ...next } });
  return (
    <>
      <Select
        label={t("Signs in with")}
        disabled={readOnly}
        allowDeselect={false}
        data={[
          { value: "Anonymous", label: t("Nothing: everybody may read and write") },
          { value: "Reference", label: t("A Git credential of the library") },
          { value: "UsernamePassword", label: t("A user name and a password or token") },
          ...(type === "GitHub" ? [{ value: "GitHub", label: t("A connection to GitHub") }] : []),
        ]}
        value={type}
        onChange={(next) => next && put({ Credentials: { Type: next } as never })}
      />
      {type === "Reference" && (
        <Select
          label={t("Git credential")}
          searchable
          disabled={readOnly}
          data={choicesOf(credentials.data)}
          value={now?.Id || null}
          onChange={(Id) => change({ Id: Id ?? "" })}
        />
      )}
      {type === "UsernamePassword" && (
        <div className={form.pair}>
          <TextInput
            label={t("User name")}
            disabled={readOnly}
            autoComplete="off"
            value={now?.Username ?? ""}
            onChange={(e) => change({ Username: e.currentTarget.value })}
          />
          <SecretField
            label={t("Password or token")}
            disabled={readOnly}
            value={now?.Password}
            onChange={(Password: Secret) => change({ Password: Password as never })}
          />
        </div>
      )}
    </>
  );
}
