import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import { done } from "~/ui/notify";
import { AccountFields } from "./AccountFields";
import type { Account, Kind } from "./accounts";

export function AddAccount({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const [draft, setDraft] = useState<Partial<Account>>({ AccountType: kind.type, Name: "" });
  const add = useSend("post", "/api/{spaceId}/accounts", {
    onDone: (made) => {
      done(t("{name} is there.", { name: made.Name }));
      onClose();
    },
  });
  const submit = () => {
    add.mutate({ body: draft });
  };
  return (
    <DialogForm
      of={add}
      action={t("Add account")}
      ready={Boolean(draft.Name?.trim())}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextInput
        label={t("Name")}
        required
        withAsterisk={false}
        data-autofocus
        value={draft.Name}
        onChange={(e) => setDraft({ ...draft, Name: e.currentTarget.value })}
      />
      <AccountFields kind={kind} value={draft} onChange={setDraft} />
    </DialogForm>
  );
}
