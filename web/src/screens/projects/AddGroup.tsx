import { Modal } from "@mantine/core";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";
import { done } from "~/ui/notify";

type Props = { opened: boolean; onClose: () => void };

export function AddGroup({ opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={t("Add project group")}>
      <AddGroupForm onClose={onClose} />
    </Modal>
  );
}

function AddGroupForm({ onClose }: { onClose: () => void }) {
  const add = useSend("post", "/api/{spaceId}/projectgroups", {
    onDone: (made) => {
      done(t("The group {name} is added. It shows here once it has a project.", { name: made.Name }));
      onClose();
    },
  });
  return (
    <AddForm
      brief
      of={add}
      action={t("Add group")}
      onAdd={({ Name }) => add.mutate({ body: { Name } })}
      onClose={onClose}
    />
  );
}
