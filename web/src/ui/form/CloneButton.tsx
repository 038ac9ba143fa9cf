import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ApiError } from "~/api/error";
import { t } from "~/text/t";
import { DialogForm } from "./DialogForm";

type Props = {
  name: string;
  // gets says what the copy has of the original.
  gets: string;
  of: { isPending: boolean; error: ApiError | null };
  onClone: (name: string) => void;
};

// CloneButton asks for the name of a copy and makes it.
export function CloneButton({ name, gets, of, onClone }: Props) {
  const [opened, open] = useState(false);
  const [copy, setCopy] = useState(t("{name} (copy)", { name }));
  return (
    <>
      <Button variant="default" onClick={() => open(true)}>
        {t("Clone…")}
      </Button>
      <Modal opened={opened} onClose={() => open(false)} title={t("Clone {name}", { name })}>
        <DialogForm
          of={of}
          action={t("Clone")}
          ready={Boolean(copy.trim())}
          onSubmit={() => onClone(copy)}
          onClose={() => open(false)}
        >
          <TextInput
            label={t("Name of the copy")}
            description={gets}
            required
            withAsterisk={false}
            data-autofocus
            value={copy}
            onChange={(e) => setCopy(e.currentTarget.value)}
          />
        </DialogForm>
      </Modal>
    </>
  );
}
