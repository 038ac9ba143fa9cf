import { Button, Switch, TagsInput, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { healthLook, offLook } from "~/ui/status";
import { Condition } from "./Condition";
import { MachineTasks } from "./MachineTasks";
import { places } from "./places";
import { type Ssh, SshFields } from "./SshFields";
import { useCheckHealth } from "./useCheckHealth";

type Machine = Wire<"Machine">;

export default function Target() {
  const machine = useGet("/api/{spaceId}/machines/{id}", { id: useParam("machine") });
  return <Read of={machine}>{(m) => <TargetPage key={m.Id} machine={m} />}</Read>;
}

const sshOf = ({ Endpoint: e }: Machine): Ssh => ({
  host: e.Host ?? "",
  port: e.Port || 22,
  account: e.AccountId ?? "",
  fingerprint: e.Fingerprint ?? "",
});

const sent = ({ host, port, account, fingerprint }: Ssh) => ({
  Host: host,
  Port: port,
  AccountId: account,
  Fingerprint: fingerprint,
  Uri: "",
});

function TargetPage({ machine }: { machine: Machine }) {
  const space = useSpaceId();
  const check = useCheckHealth();
  const mayTasks = useMay("TaskView");
  return (
    <DocumentForm
      collection="/api/{spaceId}/machines"
      document={machine}
      name={machine.Name}
      add={t("Add target")}
      remove={[
        t("Delete target"),
        t("Deployments will not run on it any more. Nothing is removed from the machine itself."),
      ]}
      list={{ label: t("Deployment targets"), to: places.targets(space) }}
      place={(made) => places.target(space, made.Id)}
      may={{ edit: "MachineEdit", delete: "MachineDelete" }}
      touches={["machineroles", "environments"]}
      why={named}
      beside={<StatusChip look={machine.IsDisabled ? offLook(t("Disabled")) : healthLook(machine.HealthStatus)} />}
      actions={
        <Button variant="default" loading={check.isPending} onClick={() => check.target(machine.Id, machine.Name)}>
          {t("Check health")}
        </Button>
      }
    >
      {(fields) => (
        <>
          <Condition machine={machine} of="machines" />
          <Purpose {...fields} />
          {machine.Endpoint.CommunicationStyle === "Ssh" && (
            <Section title={t("How it is reached")}>
              <div className={form.fields}>
                <SshFields
                  of="machines"
                  value={sshOf(fields.value)}
                  onChange={(ssh) => fields.edit((now) => ({ ...now, Endpoint: { ...now.Endpoint, ...sent(ssh) } }))}
                />
              </div>
            </Section>
          )}
          {mayTasks && <MachineTasks machine={machine.Id} />}
        </>
      )}
    </DocumentForm>
  );
}

function Purpose({ value, put, readOnly }: Fields<Machine>) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const roles = useGet("/api/{spaceId}/machineroles/all", {});
  return (
    <Section title={t("What it is for")}>
      <div className={form.fields}>
        <TextInput
          label={t("Name")}
          disabled={readOnly}
          value={value.Name}
          onChange={(e) => put({ Name: e.currentTarget.value })}
        />
        <PickMany
          label={t("Environments")}
          disabled={readOnly}
          choices={choicesOf(environments.data)}
          value={value.EnvironmentIds}
          onChange={(EnvironmentIds) => put({ EnvironmentIds })}
        />
        <TagsInput
          label={t("Target tags")}
          disabled={readOnly}
          data={roles.data ?? []}
          value={value.Roles ?? []}
          onChange={(Roles) => put({ Roles })}
        />
        <Switch
          label={t("Enabled")}
          description={t("A disabled target is left out of deployments and health checks.")}
          disabled={readOnly}
          checked={!value.IsDisabled}
          onChange={(e) => put({ IsDisabled: !e.currentTarget.checked })}
        />
      </div>
    </Section>
  );
}
