import { useMemo } from "react";
import { useGet, useSpaceId } from "~/api/query";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { AccountFields } from "./AccountFields";
import { type Account, kindOf } from "./accounts";
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
  const kind = kindOf(account.AccountType);
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const document = useMemo(() => readOf(account) as Account, [account]);
  return (
    <DocumentForm
      collection="/api/{spaceId}/accounts"
      document={document}
      name={account.Name}
      add={t("Add account")}
      remove={[t("Delete account"), t("The server refuses this while a target uses the account, and says which.")]}
      list={{ label: t("Accounts"), to: places.accounts(space) }}
      place={(made) => places.account(space, made.Id)}
      may={{ edit: "AccountEdit", delete: "AccountDelete" }}
      beside={<span className="dim">{t(kind?.label ?? account.AccountType)}</span>}
      why={named}
    >
      {(fields) => (
        <Section title={t("Settings")}>
          <div className={form.fields}>
            <NameFields {...fields} />
            {kind ? (
              <AccountFields kind={kind} value={fields.value} onChange={(next) => fields.put(next)} />
            ) : (
              <p className="dim">{t("What is particular to this kind of account is changed through the API.")}</p>
            )}
            <PickMany
              label={t("Environments")}
              placeholder={t("Any environment may use it")}
              disabled={fields.readOnly}
              choices={choicesOf(environments.data)}
              value={fields.value.EnvironmentIds}
              onChange={(EnvironmentIds) => fields.put({ EnvironmentIds })}
            />
          </div>
        </Section>
      )}
    </DocumentForm>
  );
}
