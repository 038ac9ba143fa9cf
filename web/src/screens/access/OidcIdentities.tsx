import { ActionIcon, Button, Modal, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Copied } from "~/ui/Copied";
import { DialogForm } from "~/ui/form/DialogForm";
import { type Column, Rows } from "~/ui/ListPage";
import { failed } from "~/ui/notify";
import { Facts, Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Right } from "~/ui/Table";

type Identity = Wire<"OIDCIdentity">;

// OidcIdentities are the issuers whose tokens a service account takes.
export function OidcIdentities({ account }: { account: string }) {
  const mayEdit = useMay("UserEdit");
  const list = useGet("/api/serviceaccounts/{account}/oidcidentities/v1", { account }, { enabled: mayEdit });
  const remove = useSend("delete", "/api/serviceaccounts/{account}/oidcidentities/{id}/v1");
  const [adding, add] = useState(false);
  if (!mayEdit) return null;
  const columns: Column<Identity>[] = [
    [t("Name"), (i) => i.Name],
    [t("Issuer"), (i) => <span className="dim">{i.Issuer}</span>],
    [t("Subject"), (i) => <code>{i.Subject}</code>],
    [
      "",
      (i) => (
        <Right>
          <ActionIcon
            aria-label={t("Remove {name}", { name: i.Name })}
            onClick={() => remove.mutate({ params: { account, id: i.Id } }, { onError: failed })}
          >
            <IconTrash size={15} />
          </ActionIcon>
        </Right>
      ),
    ],
  ];
  return (
    <Section
      flush
      title={t("Sign-in without keys (OpenID Connect)")}
      actions={
        <Button variant="default" onClick={() => add(true)}>
          {t("Add identity…")}
        </Button>
      }
    >
      <Read of={list} rows={2}>
        {(answer) => (
          <>
            <div style={{ padding: "12px 16px" }}>
              <p className="dim" style={{ margin: "0 0 12px" }}>
                {t("A build server exchanges its token for one of this account: nothing secret has to be kept there.")}
              </p>
              <Facts
                of={[
                  [t("Address of this server"), <Copied key="url" text={answer.ServerUrl} />],
                  [t("Audience of the tokens"), <Copied key="id" text={answer.ExternalId} />],
                ]}
              />
            </div>
            {(answer.OidcIdentities as unknown as Identity[]).length > 0 && (
              <Rows
                label={t("OIDC identities")}
                items={answer.OidcIdentities as unknown as Identity[]}
                columns={columns}
              />
            )}
          </>
        )}
      </Read>
      <Modal opened={adding} onClose={() => add(false)} title={t("Add identity")}>
        <NewIdentity account={account} onClose={() => add(false)} />
      </Modal>
    </Section>
  );
}

function NewIdentity({ account, onClose }: { account: string; onClose: () => void }) {
  const [draft, setDraft] = useState({ Name: "", Issuer: "", Subject: "", Audience: "" });
  const create = useSend("post", "/api/serviceaccounts/{account}/oidcidentities/create/v1", { onDone: onClose });
  const submit = () => {
    create.mutate({ params: { account }, body: { ...draft, ServiceAccountId: account } });
  };
  const text = (name: keyof typeof draft, label: string, description: string, placeholder = "") => (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      spellCheck={false}
      value={draft[name]}
      onChange={(e) => setDraft({ ...draft, [name]: e.currentTarget.value })}
    />
  );
  return (
    <DialogForm
      of={create}
      action={t("Add identity")}
      ready={Boolean(draft.Name && draft.Issuer && draft.Subject)}
      onSubmit={submit}
      onClose={onClose}
    >
      {text("Name", t("Name"), t("Such as the repository that deploys."))}
      {text(
        "Issuer",
        t("Issuer"),
        t("The address of who makes the tokens."),
        "https://token.actions.githubusercontent.com",
      )}
      {text("Subject", t("Subject"), t("Whom the token speaks for; * stands for anything."), "repo:acme/shop:*")}
      {text("Audience", t("Audience"), t("Only if the issuer cannot put the one above into its tokens."))}
    </DialogForm>
  );
}
