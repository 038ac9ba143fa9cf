import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useSend } from "~/api/query";
import { t } from "~/text/t";
import { Refusal } from "~/ui/Refusal";
import classes from "./Form.module.css";

type Props = { opened: boolean; onClose: () => void };

export function AddEnvironment(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("Add environment")}>
      <AddForm {...props} />
    </Modal>
  );
}

function AddForm({ onClose }: Props) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const add = useSend("post", "/api/{spaceId}/environments", { onDone: onClose, touches: ["dashboard"] });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: { Name: name, Description: description } });
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Name")}
        placeholder={t("Production")}
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Textarea label={t("Description")} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          {t("Add environment")}
        </Button>
      </Group>
    </form>
  );
}
