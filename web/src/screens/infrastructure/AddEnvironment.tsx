import { Modal } from "@mantine/core";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";

type Props = { opened: boolean; onClose: () => void };

export function AddEnvironment(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("Add environment")}>
      <AddEnvironmentForm {...props} />
    </Modal>
  );
}

function AddEnvironmentForm({ onClose }: Props) {
  const add = useSend("post", "/api/{spaceId}/environments", { onDone: onClose, touches: ["dashboard"] });
  return (
    <AddForm
      of={add}
      action={t("Add environment")}
      field={{ placeholder: t("Production") }}
      onAdd={(body) => add.mutate({ body })}
      onClose={onClose}
    />
  );
}
