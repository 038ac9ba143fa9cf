import { Modal, Select } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DialogForm } from "~/ui/form/DialogForm";
import { failed } from "~/ui/notify";
import { choicesOf, PickMany } from "~/ui/PickMany";
import type { Tenant } from "./TenantTable";

type Props = { tenant: Tenant; project: string; opened: boolean; onClose: () => void };

// Connect says for which project, and in which environments, a tenant gets
// deployments of its own.
export function Connect({ tenant, project, opened, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={project ? t("Change environments") : t("Connect {name} with a project", { name: tenant.Name })}
    >
      <ConnectForm key={project} tenant={tenant} project={project} onClose={onClose} />
    </Modal>
  );
}

function ConnectForm({ tenant, project: preset, onClose }: Omit<Props, "opened">) {
  const connected = tenant.ProjectEnvironments ?? {};
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const [project, setProject] = useState(preset);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const value = chosen ?? connected[project] ?? [];
  const save = useSend("put", "/api/{spaceId}/tenants/{id}", { touches: ["dashboard"], onDone: onClose });
  const open = (projects.data ?? []).filter((p) => p.Id === preset || (!connected[p.Id] && !p.IsDisabled));
  const mode = projects.data?.find((p) => p.Id === project)?.TenantedDeploymentMode;
  const submit = () => {
    save.mutate({
      params: { id: tenant.Id },
      body: { ...tenant, ProjectEnvironments: { ...connected, [project]: value } },
    });
  };
  return (
    <DialogForm
      of={save}
      action={preset ? t("Save") : t("Connect")}
      ready={Boolean(project)}
      onSubmit={submit}
      onClose={onClose}
    >
      <Select
        label={t("Project")}
        description={
          mode === "Untenanted" ? t("It is never deployed for a tenant until its settings say otherwise.") : undefined
        }
        searchable
        disabled={Boolean(preset)}
        nothingFoundMessage={t("Nothing found")}
        data={open.map((p) => ({ value: p.Id, label: p.Name }))}
        value={project || null}
        onChange={(id) => setProject(id ?? "")}
      />
      <PickMany label={t("Environments")} choices={choicesOf(environments.data)} value={value} onChange={setChosen} />
    </DialogForm>
  );
}

// Disconnect ends a connection.
export function Disconnect({ tenant, project, opened, onClose }: Props) {
  const named = useGet("/api/{spaceId}/projects/{id}", { id: project });
  const save = useSend("put", "/api/{spaceId}/tenants/{id}", { touches: ["dashboard"] });
  const name = named.data?.Name ?? "";
  const { [project]: _, ...rest } = tenant.ProjectEnvironments ?? {};
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      grave
      title={t("Disconnect {name}?", { name })}
      action={t("Disconnect")}
      onConfirm={() =>
        save
          .mutateAsync({ params: { id: tenant.Id }, body: { ...tenant, ProjectEnvironments: rest } })
          .catch(failed)
          .finally(onClose)
      }
    >
      {t("{project} is deployed for {tenant} no more, and the values that it has for it are lost.", {
        project: name,
        tenant: tenant.Name,
      })}
    </Confirm>
  );
}
