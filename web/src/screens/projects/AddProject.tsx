import { Button, Group, Modal, Select, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { ProjectGroup } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Refusal } from "~/ui/Refusal";

type Props = { opened: boolean; onClose: () => void; groups: ProjectGroup[]; group: string };

export function AddProject(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={t("Add project")}>
      <AddProjectForm {...props} />
    </Modal>
  );
}

function AddProjectForm({ onClose, groups, group: preset }: Props) {
  const space = useSpaceId();
  const go = useGo();
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [group, setGroup] = useState<string | null>(preset || null);
  const [lifecycle, setLifecycle] = useState<string | null>(null);
  const add = useSend("post", "/api/{spaceId}/projects", {
    onDone: (made) => go(to.project(space, made.Slug), { replace: true }),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({
      body: {
        Name: name,
        Description: description,
        ProjectGroupId: group ?? groups[0]?.Id,
        LifecycleId: lifecycle ?? lifecycles.data?.[0]?.Id,
      },
    });
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
      <Textarea
        mt={12}
        label={t("Description")}
        value={description}
        onChange={(e) => setDescription(e.currentTarget.value)}
      />
      <Select
        mt={12}
        label={t("Project group")}
        searchable
        allowDeselect={false}
        data={groups.map((g) => ({ value: g.Id, label: g.Name }))}
        value={group ?? groups[0]?.Id ?? null}
        onChange={setGroup}
      />
      <Select
        mt={12}
        label={t("Lifecycle")}
        description={t("The environments that its releases go through, in order.")}
        searchable
        allowDeselect={false}
        data={lifecycles.data?.map((l) => ({ value: l.Id, label: l.Name }))}
        value={lifecycle ?? lifecycles.data?.[0]?.Id ?? null}
        onChange={setLifecycle}
      />
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          {t("Add project")}
        </Button>
      </Group>
    </form>
  );
}
