import { Switch, TagsInput, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { SecretField } from "~/ui/form/SecretField";
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
  if (!c.Name.trim()) return t("It has no name yet.");
  return c.Details.Username?.trim() ? undefined : t("It has no user name yet.");
};

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

function Login({ value, put, readOnly }: Fields<Credential>) {
  const change = (next: Partial<Credential["Details"]>) => put({ Details: { ...value.Details, ...next } });
  return (
    <div className={form.pair}>
      <TextInput
        label={t("User name")}
        disabled={readOnly}
        autoComplete="off"
        value={value.Details.Username ?? ""}
        onChange={(e) => change({ Username: e.currentTarget.value })}
      />
      <SecretField
        label={t("Password or token")}
        disabled={readOnly}
        value={value.Details.Password}
        onChange={(Password) => change({ Password: Password as never })}
      />
    </div>
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
          placeholder="https://github.com/acme/*"
          disabled={readOnly}
          value={now.AllowedRepositories ?? []}
          onChange={(AllowedRepositories) => put({ RepositoryRestrictions: { ...now, AllowedRepositories } })}
        />
      )}
    </>
  );
}
