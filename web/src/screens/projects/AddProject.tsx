import { Modal, Select } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { ProjectGroup } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";

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
  const [group, setGroup] = useState<string | null>(preset || null);
  const [lifecycle, setLifecycle] = useState<string | null>(null);
  const add = useSend("post", "/api/{spaceId}/projects", {
    onDone: (made) => go(to.project(space, made.Slug), { replace: true }),
  });
  const chosen = {
    ProjectGroupId: group ?? groups[0]?.Id,
    LifecycleId: lifecycle ?? lifecycles.data?.[0]?.Id,
  };
  return (
    <AddForm
      of={add}
      action={t("Add project")}
      onAdd={(named) => add.mutate({ body: { ...named, ...chosen } })}
      onClose={onClose}
    >
      <Select
        label={t("Project group")}
        searchable
        allowDeselect={false}
        data={groups.map((g) => ({ value: g.Id, label: g.Name }))}
        value={chosen.ProjectGroupId ?? null}
        onChange={setGroup}
      />
      <Select
        label={t("Lifecycle")}
        description={t("The environments that its releases go through, in order.")}
        searchable
        allowDeselect={false}
        data={lifecycles.data?.map((l) => ({ value: l.Id, label: l.Name }))}
        value={chosen.LifecycleId ?? null}
        onChange={setLifecycle}
      />
    </AddForm>
  );
}
