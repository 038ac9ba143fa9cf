import { Button, Group, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { t } from "~/text/t";

type Props = {
  opened: boolean;
  onClose: () => void;
  title: string;
  // children say what follows from it.
  children: ReactNode;
  action: string;
  // grave is for what cannot be taken back.
  grave?: boolean;
  onConfirm: () => Promise<unknown> | unknown;
};

// Confirm asks before something is done that does not come back.
export function Confirm({ opened, onClose, title, children, action, grave, onConfirm }: Props) {
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={460}>
      {children}
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button color={grave ? "bad" : undefined} loading={busy} onClick={confirm} data-autofocus>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
