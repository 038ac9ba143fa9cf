import { Button, Modal } from "@mantine/core";
import { IconPlant2 } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { AddForm } from "~/ui/form/DialogForm";
import { ButtonLink } from "~/ui/Link";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { ephemeralLook } from "~/ui/status";
import { Right, Table } from "~/ui/Table";

type Environment = Wire<"Environment">;

// Ephemeral are the environments that come and go with the branches of a project.
export default function Ephemeral() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Listed project={data} />}</Read>;
}

function Listed({ project }: { project: Project }) {
  const space = useSpaceId();
  const mayAddChannel = useMay("ProcessEdit", { project: project.Id });
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: project.Id }, { query: { take: 1000 } });
  const query = { type: "Ephemeral", take: 1000 };
  const all = useGet("/api/{spaceId}/environments/v2", {}, { query });
  const [adding, add] = useState(false);
  const parents = new Set(
    (channels.data?.Items ?? []).filter((c) => c.Type === "EphemeralEnvironment").map((c) => c.ParentEnvironmentId),
  );
  const mayAdd = useMay("EnvironmentCreate") && parents.size > 0;
  const button = mayAdd && <Button onClick={() => add(true)}>{t("Add ephemeral environment…")}</Button>;
  const toChannels = mayAddChannel && (
    <ButtonLink to={to.newChannel(space, project.Slug)}>{t("Add channel…")}</ButtonLink>
  );
  return (
    <Page title={t("Ephemeral environments")} actions={button}>
      <Read of={channels}>
        {() => (
          <Read of={all}>
            {({ Items }) => {
              const mine = Items.filter((e) => parents.has(e.ParentEnvironmentId));
              return mine.length > 0 ? (
                <Table label={t("Ephemeral environments")} head={[t("Environment"), t("State"), ""]}>
                  {mine.map((e) => (
                    <Row key={e.Id} project={project} environment={e} />
                  ))}
                </Table>
              ) : (
                <EmptyState
                  icon={IconPlant2}
                  title={t("No ephemeral environments.")}
                  hint={
                    parents.size > 0
                      ? t("One is made for a release of a branch, or here, and taken down when it is no longer needed.")
                      : t(
                          "A channel whose releases go to ephemeral environments says below which parent they are made.",
                        )
                  }
                >
                  {parents.size > 0 ? button : toChannels}
                </EmptyState>
              );
            }}
          </Read>
        )}
      </Read>
      <Modal opened={adding} onClose={() => add(false)} title={t("Add ephemeral environment")}>
        <Add project={project} onClose={() => add(false)} />
      </Modal>
    </Page>
  );
}

function Row({ project, environment }: { project: Project; environment: Environment }) {
  const at = { id: project.Id, environment: environment.Id };
  // It is not found where other projects alone use the environment.
  const status = useGet("/api/{spaceId}/projects/{id}/environments/ephemeral/{environment}/status", at);
  const mayLeave = useMay("EnvironmentDelete", { environment: environment.Id });
  const [leaving, leave] = useState(false);
  const send = useSend("post", "/api/{spaceId}/projects/{id}/environments/ephemeral/{environment}/deprovision", {
    touches: ["environments"],
  });
  const confirm = () =>
    send
      .mutateAsync({ params: at, body: {} })
      .then((answer) => done(answer.DeprovisioningRun ? t("It is being taken down.") : t("It is taken down.")))
      .catch(failed)
      .finally(() => leave(false));
  return (
    <tr>
      <th scope="row">
        {environment.Name}
        {environment.Description && <div className="dim">{environment.Description}</div>}
      </th>
      <td>
        {status.data && <StatusChip look={ephemeralLook(status.data.Status)} />}
        {status.error?.status === 404 && <span className="dim">{t("Not used by this project")}</span>}
      </td>
      <td>
        {status.data && mayLeave && (
          <Right>
            <Button variant="default" onClick={() => leave(true)}>
              {t("Take down…")}
            </Button>
          </Right>
        )}
        <Confirm
          opened={leaving}
          onClose={() => leave(false)}
          title={t("Take {name} down", { name: environment.Name })}
          action={t("Take down {name}", { name: environment.Name })}
          grave
          onConfirm={confirm}
        >
          {t(
            "The project's runbook for it runs, if it has one. The last project to leave takes the environment along.",
          )}
        </Confirm>
      </td>
    </tr>
  );
}

function Add({ project, onClose }: { project: Project; onClose: () => void }) {
  const send = useSend("post", "/api/{spaceId}/projects/{id}/environments/ephemeral", {
    touches: ["environments"],
    onDone: onClose,
  });
  return (
    <AddForm
      brief
      of={send}
      action={t("Add environment")}
      field={{ description: t("One of the same name that other projects use is used together.") }}
      onAdd={({ Name }) => send.mutate({ params: { id: project.Id }, body: { EnvironmentName: Name } })}
      onClose={onClose}
    />
  );
}
