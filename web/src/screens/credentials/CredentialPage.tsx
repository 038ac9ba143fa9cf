import { Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { type Secret, SecretField } from "~/ui/form/SecretField";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";

type Credential = Wire<"GitCredential">;

const blank = {
  Id: "",
  Name: "",
  Description: "",
  Details: { Type: "UsernamePassword", Username: "", Password: { HasValue: false } },
  RepositoryRestrictions: { Enabled: false, AllowedRepositories: [] },
} as unknown as Credential;

export default function CredentialPage() {
  const id = useParam("credential");
  const isNew = id === "create";
  const credential = useGet("/api/{spaceId}/git-credentials/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form credential={blank} />;
  return <Read of={credential}>{(c) => <Form key={c.Id} credential={c} />}</Read>;
}

const why = (c: Credential) => {
  const { Type, Username, PrivateKeyFile } = c.Details;
  if (!c.Name.trim()) return t("It has no name yet.");
  if (Type === keyPair) return PrivateKeyFile?.HasValue ? undefined : t("It has no private key yet.");
  return Username?.trim() ? undefined : t("It has no user name yet.");
};

const keyPair = "SshKeyPair";

function Form({ credential }: { credential: Credential }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/git-credentials"
      document={credential}
      name={credential.Name}
      add={t("Add Git credential")}
      remove={[t("Delete credential"), t("The server refuses this while a project uses it, and says which.")]}
      list={{ label: t("Git credentials"), to: to.gitCredentials(space) }}
      place={(made) => to.gitCredential(space, made.Id)}
      may={{ edit: "GitCredentialEdit" }}
      why={why}
    >
      {(fields) => (
        <>
          <Section title={t("Credential")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <Login {...fields} />
            </div>
          </Section>
          <Section title={t("Where it may be used")}>
            <div className={form.fields}>
              <Restrictions {...fields} />
            </div>
          </Section>
        </>
      )}
    </DocumentForm>
  );
}

function Login(fields: Fields<Credential>) {
  const { value, put, readOnly } = fields;
  const details = value.Details;
  const change = (next: Partial<Credential["Details"]>) => put({ Details: { ...details, ...next } });
  const secret = (member: "Password" | "PrivateKeyFile" | "PrivateKeyPassphrase") => ({
    disabled: readOnly,
    value: details[member],
    onChange: (next: Secret) => change({ [member]: next }),
  });
  const name = (
    <TextInput
      label={t("User name")}
      description={details.Type === keyPair ? t("Where the address names none; git if this is empty.") : undefined}
      disabled={readOnly}
      autoComplete="off"
      value={details.Username ?? ""}
      onChange={(e) => change({ Username: e.currentTarget.value })}
    />
  );
  return (
    <>
      <Select
        label={t("Signs in with")}
        disabled={readOnly}
        allowDeselect={false}
        data={[
          { value: "UsernamePassword", label: t("A user name and a password or token") },
          { value: keyPair, label: t("A private key, over SSH") },
        ]}
        value={details.Type || "UsernamePassword"}
        onChange={(Type) => change({ Type: (Type ?? "UsernamePassword") as never })}
      />
      {details.Type === keyPair ? (
        <>
          {name}
          <SecretField
            long
            label={t("Private key")}
            description={t("In PEM or OpenSSH form.")}
            {...secret("PrivateKeyFile")}
          />
          <SecretField label={t("Passphrase")} {...secret("PrivateKeyPassphrase")} />
          <TagsInput
            size="xs"
            label={t("Fingerprints of host keys")}
            description={t(
              "Of the servers that may be spoken to, as ssh-keygen -lf prints them. Press Enter after each.",
            )}
            placeholder="SHA256:…"
            disabled={readOnly}
            value={details.HostKeyFingerprints ?? []}
            onChange={(HostKeyFingerprints) => change({ HostKeyFingerprints })}
          />
        </>
      ) : (
        <div className={form.pair}>
          {name}
          <SecretField label={t("Password or token")} {...secret("Password")} />
        </div>
      )}
    </>
  );
}

function Restrictions({ value, put, readOnly }: Fields<Credential>) {
  const now = value.RepositoryRestrictions ?? { Enabled: false, AllowedRepositories: [] };
  return (
    <>
      <Switch
        label={t("Only for some repositories")}
        disabled={readOnly}
        checked={now.Enabled}
        onChange={(e) => put({ RepositoryRestrictions: { ...now, Enabled: e.currentTarget.checked } })}
      />
      {now.Enabled && (
        <TagsInput
          size="xs"
          label={t("Addresses of repositories")}
          description={t("* at the end stands for all below. Press Enter after each.")}
          placeholder={now.AllowedRepositories?.length ? undefined : "https://github.com/acme/*"}
          disabled={readOnly}
          value={now.AllowedRepositories ?? []}
          onChange={(AllowedRepositories) => put({ RepositoryRestrictions: { ...now, AllowedRepositories } })}
        />
      )}
    </>
  );
}
