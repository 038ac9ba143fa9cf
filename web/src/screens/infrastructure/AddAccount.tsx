import { Button, Group, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { done } from "~/ui/notify";
import { Refusal } from "~/ui/Refusal";
import { AccountFields } from "./AccountFields";
import type { Account, Kind } from "./accounts";
import classes from "./Form.module.css";

export function AddAccount({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const [draft, setDraft] = useState<Partial<Account>>({ AccountType: kind.type, Name: "" });
  const add = useSend("post", "/api/{spaceId}/accounts", {
    onDone: (made) => {
      done(t("{name} is there.", { name: made.Name }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: draft });
  };
  return (
    <form onSubmit={submit} className={classes.form} autoComplete="off">
      <Refusal of={add.error} />
      <TextInput
        label={t("Name")}
        required
        withAsterisk={false}
        data-autofocus
        value={draft.Name}
        onChange={(e) => setDraft({ ...draft, Name: e.currentTarget.value })}
      />
      <AccountFields kind={kind} value={draft} onChange={setDraft} />
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!draft.Name?.trim()}>
          {t("Add account")}
        </Button>
      </Group>
    </form>
  );
}
