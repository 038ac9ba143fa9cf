import { Button, Group, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { done } from "~/ui/notify";
import { Refusal } from "~/ui/Refusal";

type Props = { opened: boolean; onClose: () => void };

export function AddGroup({ opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={t("Add project group")}>
      <AddGroupForm onClose={onClose} />
    </Modal>
  );
}

function AddGroupForm({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const add = useSend("post", "/api/{spaceId}/projectgroups", {
    onDone: (made) => {
      done(t("The group {name} is there. It shows here once it has a project.", { name: made.Name }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: { Name: name } });
  };
  return (
    <form onSubmit={submit}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Name")}
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          {t("Add group")}
        </Button>
      </Group>
    </form>
  );
}
