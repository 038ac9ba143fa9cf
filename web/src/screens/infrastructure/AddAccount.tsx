import { useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";
import { done } from "~/ui/notify";
import { AccountFields } from "./AccountFields";
import type { Account, Kind } from "./accounts";

type Props = { kind: Kind; onMade?: (made: Account) => void; onClose: () => void };

export function AddAccount({ kind, onMade, onClose }: Props) {
  const [draft, setDraft] = useState<Partial<Account>>({ AccountType: kind.type });
  const add = useSend("post", "/api/{spaceId}/accounts", {
    onDone: (made) => {
      done(t("The account {name} is added.", { name: made.Name }));
      onMade?.(made);
      onClose();
    },
  });
  return (
    <AddForm
      brief
      of={add}
      action={t("Add account")}
      onAdd={({ Name }) => add.mutate({ body: { ...draft, Name } })}
      onClose={onClose}
    >
      <AccountFields kind={kind} value={draft} onChange={setDraft} />
    </AddForm>
  );
}
