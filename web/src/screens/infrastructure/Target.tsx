import { Button, Switch, TagsInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { healthLook, offLook } from "~/ui/status";
import { Condition } from "./Condition";
import classes from "./Form.module.css";
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

function TargetPage({ machine }: { machine: Machine }) {
  const space = useSpaceId();
  const go = useGo();
  const mayEdit = useMay("MachineEdit");
  const mayDelete = useMay("MachineDelete");
  const [removing, setRemoving] = useState(false);
  const check = useCheckHealth();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const roles = useGet("/api/{spaceId}/machineroles/all", {});
  const [name, setName] = useState(machine.Name);
  const [enabled, setEnabled] = useState(!machine.IsDisabled);
  const [where, setWhere] = useState(machine.EnvironmentIds ?? []);
  const [tags, setTags] = useState(machine.Roles ?? []);
  const [ssh, setSsh] = useState(sshOf(machine));
  const save = useSend("put", "/api/{spaceId}/machines/{id}", {
    touches: ["machineroles", "environments"],
    onDone: () => done(t("Saved.")),
  });
  const remove = useSend("delete", "/api/{spaceId}/machines/{id}", { onDone: () => go(places.targets(space)) });
  const overSsh = machine.Endpoint.CommunicationStyle === "Ssh";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const endpoint = overSsh
      ? {
          ...machine.Endpoint,
          Host: ssh.host,
          Port: ssh.port,
          AccountId: ssh.account,
          Fingerprint: ssh.fingerprint,
          Uri: "",
        }
      : machine.Endpoint;
    save.mutate({
      params: { id: machine.Id },
      body: { ...machine, Name: name, IsDisabled: !enabled, EnvironmentIds: where, Roles: tags, Endpoint: endpoint },
    });
  };

  return (
    <form onSubmit={submit}>
      <Page
        narrow
        title={machine.Name}
        crumbs={[{ label: t("Deployment targets"), to: places.targets(space) }, { label: machine.Name }]}
        beside={<StatusChip look={machine.IsDisabled ? offLook(t("Disabled")) : healthLook(machine.HealthStatus)} />}
        actions={
          <>
            {mayDelete && (
              <Button variant="default" onClick={() => setRemoving(true)}>
                {t("Delete…")}
              </Button>
            )}
            <Button variant="default" loading={check.isPending} onClick={() => check.target(machine.Id, machine.Name)}>
              {t("Check health")}
            </Button>
            {mayEdit && (
              <Button type="submit" loading={save.isPending}>
                {t("Save")}
              </Button>
            )}
          </>
        }
      >
        <Refusal of={save.error} />
        <Condition machine={machine} of="machines" />
        <Section title={t("What it is for")}>
          <div className={classes.form}>
            <TextInput label={t("Name")} value={name} onChange={(e) => setName(e.currentTarget.value)} />
            <PickMany
              label={t("Environments")}
              choices={choicesOf(environments.data)}
              value={where}
              onChange={setWhere}
            />
            <TagsInput label={t("Target tags")} data={roles.data ?? []} value={tags} onChange={setTags} />
            <Switch
              label={t("Enabled")}
              description={t("A disabled target is left out of deployments and health checks.")}
              checked={enabled}
              onChange={(e) => setEnabled(e.currentTarget.checked)}
            />
          </div>
        </Section>
        {overSsh && (
          <Section title={t("How it is reached")}>
            <div className={classes.form}>
              <SshFields of="machines" value={ssh} onChange={setSsh} />
            </div>
          </Section>
        )}
      </Page>
      <Confirm
        grave
        opened={removing}
        onClose={() => setRemoving(false)}
        title={t("Delete {name}?", { name: machine.Name })}
        action={t("Delete {name}", { name: machine.Name })}
        onConfirm={() => remove.mutate({ params: { id: machine.Id } }, { onError: failed })}
      >
        {t("Deployments will not run on it any more. Nothing is removed from the machine itself.")}
      </Confirm>
    </form>
  );
}
