import { Alert, Select } from "@mantine/core";
import { request } from "~/api/client";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useGo, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { EmptyState, Read } from "~/ui/state";
import type { Place } from "../releases/deployment";
import { ExecutionForm } from "../releases/ExecutionForm";
import type { Places } from "../releases/Where";
import { RunInGit } from "./RunInGit";
import { OfRunbook, type Runbook, runWords, type Snapshot, useCrumbs } from "./useRunbook";

export default function RunRunbook() {
  return (
    <OfRunbook page={t("Run")} inGit={(p, r, on) => <RunInGit key={on.branch} project={p} runbook={r} on={on} />}>
      {(p, r) => <Choosing project={p} runbook={r} />}
    </OfRunbook>
  );
}

type Props = { project: Project; runbook: Runbook };

// Choosing chooses the snapshot: the published one, or another by those who may
// change the runbook.
function Choosing({ project, runbook }: Props) {
  const [word, choose] = useQueryWord("snapshot");
  const query = { take: 200 };
  const list = useGet("/api/{spaceId}/runbooks/{id}/runbookSnapshots", { id: runbook.Id }, { query });
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  return (
    <Read of={list} page={t("Run {name}", { name: runbook.Name })}>
      {({ Items }) => {
        const [newest] = Items;
        const published = Items.find((s) => s.Id === runbook.PublishedRunbookSnapshotId);
        const snapshot =
          Items.find((s) => s.Id === word || s.Name === word) ?? published ?? (mayEdit ? newest : undefined);
        if (!snapshot) return <NotPublished project={project} runbook={runbook} mayEdit={mayEdit} />;
        return (
          <Prepared
            key={snapshot.Id}
            project={project}
            runbook={runbook}
            snapshot={snapshot}
            snapshots={mayEdit ? Items : Items.filter((s) => s === snapshot)}
            onSnapshot={choose}
          />
        );
      }}
    </Read>
  );
}

function NotPublished({ project, runbook, mayEdit }: Props & { mayEdit: boolean }) {
  const space = useSpaceId();
  return (
    <Page title={t("Run {name}", { name: runbook.Name })} crumbs={useCrumbs(project, runbook, { label: t("Run") })}>
      <EmptyState
        title={t("This runbook is not published yet.")}
        hint={
          mayEdit
            ? t("What is run is a snapshot: its steps, variables and packages as they were when it was made.")
            : t("Somebody who may change it has to publish it first.")
        }
      >
        {mayEdit && <ButtonLink to={to.newSnapshot(space, project.Slug, runbook.Slug)}>{t("Publish…")}</ButtonLink>}
      </EmptyState>
    </Page>
  );
}

type PreparedProps = Props & { snapshot: Snapshot; snapshots: Snapshot[]; onSnapshot: (id: string) => void };

function Prepared(props: PreparedProps) {
  const template = useGet("/api/{spaceId}/runbookSnapshots/{id}/runbookRuns/template", { id: props.snapshot.Id });
  return (
    <Read of={template} page={t("Run {name}", { name: props.runbook.Name })}>
      {(places) => <RunForm {...props} places={places} />}
    </Read>
  );
}

function RunForm({ project, runbook, snapshot, snapshots, onSnapshot, places }: PreparedProps & { places: Places }) {
  const spaceId = useSpaceId();
  const go = useGo();
  const page = to.runbook(spaceId, project.Slug, runbook.Slug);
  const id = snapshot.Id;
  const at = "/api/{spaceId}/runbookSnapshots/{id}/runbookRuns/preview/{environment}";
  const foresee = ({ environment, tenant }: Place) =>
    tenant
      ? getOptions(`${at}/{tenant}`, { spaceId, id, environment, tenant })
      : getOptions(at, { spaceId, id, environment });
  const body = { RunbookId: runbook.Id, RunbookSnapshotId: id };
  return (
    <ExecutionForm
      title={t("Run {name}", { name: runbook.Name })}
      crumbs={useCrumbs(project, runbook, { label: t("Run") })}
      back={page}
      places={places}
      foresee={foresee as never}
      send={(execution) =>
        request("post", "/api/{spaceId}/runbookRuns", { params: { spaceId }, body: { ...execution, ...body } })
      }
      onMade={([only = "", ...more]) =>
        go(more.length === 0 ? `${to.snapshot(spaceId, project.Slug, runbook.Slug, id)}/runs/${only}` : page)
      }
      words={runWords()}
      above={
        <Section title={t("What")}>
          <Select
            label={t("Snapshot")}
            maw={420}
            searchable
            allowDeselect={false}
            data={snapshots.map((s) => ({
              value: s.Id,
              label: s.Id === runbook.PublishedRunbookSnapshotId ? t("{name} (published)", { name: s.Name }) : s.Name,
            }))}
            value={id}
            onChange={(value) => value && onSnapshot(value)}
          />
          {id !== runbook.PublishedRunbookSnapshotId && (
            <Alert variant="default">{t("This snapshot is not the published one; only you run it.")}</Alert>
          )}
        </Section>
      }
    />
  );
}
