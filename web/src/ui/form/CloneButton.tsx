import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import type { ApiError } from "~/api/error";
import { t } from "~/text/t";
import { AddForm } from "./DialogForm";

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
  return (
    <>
      <Button variant="default" onClick={() => open(true)}>
        {t("Clone…")}
      </Button>
      <Modal opened={opened} onClose={() => open(false)} title={t("Clone {name}", { name })}>
        <AddForm
          brief
          of={of}
          action={t("Clone")}
          field={{ label: t("Name of the copy"), description: gets }}
          begun={t("{name} (copy)", { name })}
          onAdd={({ Name }) => onClone(Name)}
          onClose={() => open(false)}
        />
      </Modal>
    </>
  );
}
