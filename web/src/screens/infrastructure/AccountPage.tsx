import { Button, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { AccountFields } from "./AccountFields";
import { type Account, kindOf } from "./accounts";
import classes from "./Form.module.css";
import { places } from "./places";

export default function AccountPage() {
  const account = useGet("/api/{spaceId}/accounts/{id}", { id: useParam("account") });
  return <Read of={account}>{(a) => <Form key={a.Id} account={a} />}</Read>;
}

// readOf leaves out what the server says of secrets besides that they are there.
function readOf(account: Account): Partial<Account> {
  const entries = Object.entries(account).map(([name, value]) => {
    const isSecret = value !== null && typeof value === "object" && "HasValue" in value;
    return [name, isSecret ? { HasValue: value.HasValue } : value];
  });
  return Object.fromEntries(entries);
}

function Form({ account }: { account: Account }) {
  const space = useSpaceId();
  const go = useGo();
  const kind = kindOf(account.AccountType);
  const mayEdit = useMay("AccountEdit");
  const mayDelete = useMay("AccountDelete");
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const [removing, setRemoving] = useState(false);
  const [draft, setDraft] = useState(() => readOf(account));
  const save = useSend("put", "/api/{spaceId}/accounts/{id}", { onDone: () => done(t("Saved.")) });
  const remove = useSend("delete", "/api/{spaceId}/accounts/{id}", { onDone: () => go(places.accounts(space)) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ params: { id: account.Id }, body: draft });
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <Page
        narrow
        title={account.Name}
        crumbs={[{ label: t("Accounts"), to: places.accounts(space) }, { label: account.Name }]}
        beside={<span className="dim">{t(kind?.label ?? account.AccountType)}</span>}
        actions={
          <>
            {mayDelete && (
              <Button variant="default" onClick={() => setRemoving(true)}>
                {t("Delete…")}
              </Button>
            )}
            {mayEdit && (
              <Button type="submit" loading={save.isPending}>
                {t("Save")}
              </Button>
            )}
          </>
        }
      >
        <Refusal of={save.error} />
        <Section title={t("Settings")}>
          <div className={classes.form}>
            <TextInput
              label={t("Name")}
              value={draft.Name}
              onChange={(e) => setDraft({ ...draft, Name: e.currentTarget.value })}
            />
            <Textarea
              label={t("Description")}
              value={draft.Description}
              onChange={(e) => setDraft({ ...draft, Description: e.currentTarget.value })}
            />
            {kind ? (
              <AccountFields kind={kind} value={draft} onChange={setDraft} />
            ) : (
              <p className={classes.hint}>
                {t("What is particular to this kind of account is changed through the API.")}
              </p>
            )}
            <PickMany
              label={t("Environments")}
              placeholder={t("Any environment may use it")}
              choices={choicesOf(environments.data)}
              value={draft.EnvironmentIds}
              onChange={(EnvironmentIds) => setDraft({ ...draft, EnvironmentIds })}
            />
          </div>
        </Section>
      </Page>
      <Confirm
        grave
        opened={removing}
        onClose={() => setRemoving(false)}
        title={t("Delete {name}?", { name: account.Name })}
        action={t("Delete {name}", { name: account.Name })}
        onConfirm={() =>
          remove.mutate({ params: { id: account.Id } }, { onError: failed, onSettled: () => setRemoving(false) })
        }
      >
        {t("The server refuses this while a target uses the account, and says which.")}
      </Confirm>
    </form>
  );
}
