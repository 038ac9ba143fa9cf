import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink } from "~/ui/Link";
import { Markdown } from "~/ui/Markdown";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import classes from "./runbooks.module.css";
import { OfRunbook, type Runbook, type Snapshot, useCrumbs } from "./useRunbook";

export default function SnapshotPage() {
  return <OfRunbook page={t("Snapshot")}>{(p, r) => <Found project={p} runbook={r} />}</OfRunbook>;
}

type Props = { project: Project; runbook: Runbook };

function Found({ project, runbook }: Props) {
  const snapshot = useGet("/api/{spaceId}/runbooks/{id}/runbookSnapshots/{snapshot}", {
    id: runbook.Id,
    snapshot: useParam("snapshot"),
  });
  return (
    <Read of={snapshot} page={t("Snapshot")}>
      {(s) => <Shown project={project} runbook={runbook} snapshot={s} />}
    </Read>
  );
}

function Shown({ project, runbook, snapshot }: Props & { snapshot: Snapshot }) {
  const space = useSpaceId();
  const scope = { project: project.Id };
  const isPublished = snapshot.Id === runbook.PublishedRunbookSnapshotId;
  const mayEdit = useMay("RunbookEdit", scope);
  const mayRun = useMay("RunbookRunCreate", scope) && (mayEdit || isPublished);
  const publish = useSend("put", "/api/{spaceId}/runbooks/{id}", {
    touches: ["projects", "progression"],
    onDone: () => done(t("{name} is published.", { name: snapshot.Name })),
  });
  const packages = snapshot.SelectedPackages ?? [];
  return (
    <Page
      title={snapshot.Name}
      crumbs={useCrumbs(
        project,
        runbook,
        { label: t("Snapshots"), to: to.snapshots(space, project.Slug, runbook.Slug) },
        { label: snapshot.Name },
      )}
      beside={isPublished && <span className={classes.published}>{t("Published")}</span>}
      actions={
        <>
          {mayEdit && !isPublished && (
            <Button
              variant="default"
              loading={publish.isPending}
              onClick={() =>
                publish.mutate(
                  { params: { id: runbook.Id }, body: { ...runbook, PublishedRunbookSnapshotId: snapshot.Id } },
                  { onError: failed },
                )
              }
            >
              {t("Publish")}
            </Button>
          )}
          {mayRun && (
            <ButtonLink to={`${to.runRunbook(space, project.Slug, runbook.Slug)}?snapshot=${snapshot.Id}`}>
              {t("Run…")}
            </ButtonLink>
          )}
          {mayEdit && <More project={project} runbook={runbook} snapshot={snapshot} isPublished={isPublished} />}
        </>
      }
    >
      <Facts
        of={[
          [t("Made"), <DateTime key="at" at={snapshot.Assembled} className="" />],
          [t("By"), snapshot.LastModifiedBy],
        ]}
      />
      {snapshot.Notes && (
        <Section title={t("Notes")}>
          <Markdown text={snapshot.Notes} />
        </Section>
      )}
      <Steps process={snapshot.FrozenRunbookProcessId} />
      {packages.length > 0 && (
        <Section title={t("Packages")} flush>
          <Table label={t("Packages")} head={[t("Step"), t("Package reference"), t("Version")]}>
            {packages.map((p) => (
              <tr key={`${p.ActionName} ${p.PackageReferenceName}`}>
                <th scope="row">{p.StepName || p.ActionName}</th>
                <td>{p.PackageReferenceName || "—"}</td>
                <td className="number">{p.Version}</td>
              </tr>
            ))}
          </Table>
        </Section>
      )}
    </Page>
  );
}

// Steps are those that the snapshot has, which may not be those of today.
function Steps({ process: id }: { process: string }) {
  const process = useGet("/api/{spaceId}/runbookProcesses/{id}", { id });
  return (
    <Section title={t("Steps")}>
      <Read of={process} rows={2}>
        {({ Steps: steps }) => (
          <ol className={classes.steps}>
            {(steps ?? []).map((s) => (
              <li key={s.Id}>
                {s.Name}
                {(s.Actions ?? []).length > 1 && (
                  <span className="dim"> ({(s.Actions ?? []).map((a) => a.Name).join(", ")})</span>
                )}
              </li>
            ))}
          </ol>
        )}
      </Read>
    </Section>
  );
}

type MoreProps = Props & { snapshot: Snapshot; isPublished: boolean };

function More({ project, runbook, snapshot, isPublished }: MoreProps) {
  const space = useSpaceId();
  const go = useGo();
  const [asks, ask] = useState<"" | "variables" | "delete">("");
  const params = { id: snapshot.Id };
  const refresh = useSend("post", "/api/{spaceId}/runbookSnapshots/{id}/snapshot-variables", {
    touches: ["runbooks"],
    onDone: () => done(t("{name} has the variables as they are now.", { name: snapshot.Name })),
  });
  const remove = useSend("delete", "/api/{spaceId}/runbookSnapshots/{id}", { touches: ["runbooks", "projects"] });
  const close = () => ask("");
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("More actions")}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => ask("variables")}>{t("Update variables…")}</Menu.Item>
          <Menu.Item color="bad" onClick={() => ask("delete")}>
            {t("Delete…")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asks === "variables"}
        onClose={close}
        title={t("Update the variables of {name}?", { name: snapshot.Name })}
        action={t("Update variables")}
        onConfirm={() => refresh.mutateAsync({ params }).catch(failed).finally(close)}
      >
        {t("The next runs of this snapshot use the variables as they are now, not as they were when it was made.")}
      </Confirm>
      <Confirm
        opened={asks === "delete"}
        onClose={close}
        grave
        title={t("Delete snapshot {name}?", { name: snapshot.Name })}
        action={t("Delete snapshot {name}", { name: snapshot.Name })}
        onConfirm={() =>
          remove
            .mutateAsync({ params })
            .then(() => go(to.snapshots(space, project.Slug, runbook.Slug)))
            .catch((refusal) => {
              failed(refusal);
              close();
            })
        }
      >
        {isPublished
          ? t(
              "Its runs and their logs are deleted with it. It is the published one: the runbook is then not published.",
            )
          : t("Its runs and their logs are deleted with it.")}
      </Confirm>
    </>
  );
}
