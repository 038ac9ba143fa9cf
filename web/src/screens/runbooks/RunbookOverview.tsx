import { Alert } from "@mantine/core";
import { refOf } from "~/api/branch";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { Pager, Right, Table } from "~/ui/Table";
import { first } from "../dashboard/matrix";
import { TaskTable } from "../tasks/TaskTable";
import classes from "./runbooks.module.css";
import { type Branched, countedAs, OfRunbook, type Runbook, RunbookTabs, useCrumbs } from "./useRunbook";

export default function RunbookOverview() {
  return (
    <OfRunbook page={t("Runbook")} inGit={(p, r, on) => <InGit key={on.branch} project={p} runbook={r} on={on} />}>
      {(p, r) => <Shown project={p} runbook={r} />}
    </OfRunbook>
  );
}

type Props = { project: Project; runbook: Runbook };

// InGit is a runbook on a branch: nothing of it is published, what is run is
// what is on the branch at that time.
function InGit({ project, runbook, on }: Props & { on: Branched }) {
  const space = useSpaceId();
  const mayRun = useMay("RunbookRunCreate", { project: project.Id });
  const counted = countedAs(runbook);
  const params = { id: project.Id, gitRef: refOf(on.branch), runbook: runbook.Slug };
  const environments = useGet("/api/{spaceId}/projects/{id}/{gitRef}/runbooks/{runbook}/environments", params);
  const last = useGet("/api/{spaceId}/progression/runbooks/taskRuns", {}, { query: { runbookIds: counted } });
  return (
    <Page
      title={runbook.Name}
      crumbs={useCrumbs(project, runbook)}
      actions={mayRun && <ButtonLink to={to.runRunbook(space, project.Slug, runbook.Slug)}>{t("Run…")}</ButtonLink>}
    >
      <RunbookTabs project={project} runbook={runbook} />
      {on.bar}
      {runbook.Description && <p className="dim">{runbook.Description}</p>}
      <Section title={t("Environments")} flush>
        <Read of={environments} rows={3}>
          {(all) => (
            <Environments
              project={project}
              runbook={runbook}
              environments={all}
              runsIn={(id) => (last.data?.Items ?? []).filter((run) => run.EnvironmentId === id)}
            />
          )}
        </Read>
      </Section>
      <Runs id={counted} />
    </Page>
  );
}

function Shown({ project, runbook }: Props) {
  const space = useSpaceId();
  const scope = { project: project.Id };
  const mayRun = useMay("RunbookRunCreate", scope);
  const mayEdit = useMay("RunbookEdit", scope);
  const publish = (
    <ButtonLink to={to.newSnapshot(space, project.Slug, runbook.Slug)} variant="default">
      {t("Publish…")}
    </ButtonLink>
  );
  return (
    <Page
      title={runbook.Name}
      crumbs={useCrumbs(project, runbook)}
      actions={
        <>
          {mayEdit && publish}
          {mayRun && <ButtonLink to={to.runRunbook(space, project.Slug, runbook.Slug)}>{t("Run…")}</ButtonLink>}
        </>
      }
    >
      <RunbookTabs project={project} runbook={runbook} />
      {runbook.Description && <p className="dim">{runbook.Description}</p>}
      <Published project={project} runbook={runbook} />
      <ByEnvironment project={project} runbook={runbook} />
      <Runs id={runbook.Id} />
    </Page>
  );
}

// Published says which snapshot is run, and whether the runbook has gone on.
function Published({ project, runbook }: Props) {
  const space = useSpaceId();
  const id = runbook.PublishedRunbookSnapshotId;
  const snapshot = useGet("/api/{spaceId}/runbookSnapshots/{id}", { id });
  const template = useGet("/api/{spaceId}/runbooks/{id}/runbookRunTemplate", { id: runbook.Id }, { enabled: !!id });
  if (!id) {
    return (
      <Alert variant="default" title={t("This runbook is not published yet.")}>
        {t("Publishing keeps its steps, variables and packages as they are now. What is published is what is run.")}
      </Alert>
    );
  }
  const { IsRunbookProcessModified: steps, IsVariableSetModified: own } = template.data ?? {};
  const variables = own || template.data?.IsLibraryVariableSetModified;
  const changed =
    steps && variables
      ? t("The steps and the variables have changed.")
      : steps
        ? t("The steps have changed.")
        : variables
          ? t("The variables have changed.")
          : "";
  return (
    <Facts
      of={[
        [
          t("Published"),
          <Link key="s" to={to.snapshot(space, project.Slug, runbook.Slug, id)}>
            {snapshot.data?.Name ?? "…"}
          </Link>,
        ],
        [t("Made"), snapshot.data && <DateTime key="at" at={snapshot.data.Assembled} className="" />],
        [t("Since then"), changed && <span className={classes.changed}>{changed}</span>],
      ]}
    />
  );
}

function ByEnvironment({ project, runbook }: Props) {
  const progression = useGet("/api/{spaceId}/progression/runbooks/{id}", { id: runbook.Id });
  return (
    <Section title={t("Environments")} flush>
      <Read of={progression} rows={3}>
        {(found) => (
          <Environments
            project={project}
            runbook={runbook}
            environments={found.Environments ?? []}
            runsIn={(id) => found.RunbookRuns?.[id] ?? []}
          />
        )}
      </Read>
    </Section>
  );
}

type Place = Pick<Wire<"Item">, "Id" | "Name">;
type Run = Wire<"RunItem">;

function Environments({
  environments,
  runsIn,
  ...of
}: Props & { environments: Place[]; runsIn: (id: string) => Run[] }) {
  if (environments.length === 0) {
    return <EmptyState title={t("This runbook runs in no environment.")} hint={t("Its settings say where it runs.")} />;
  }
  return (
    <Table label={t("Last runs by environment")} head={[t("Environment"), t("Last run"), t("Snapshot"), t("When"), ""]}>
      {environments.map((e) => (
        <EnvironmentRow key={e.Id} {...of} environment={e} runs={runsIn(e.Id)} />
      ))}
    </Table>
  );
}

type RowProps = Props & { environment: Place; runs: Run[] };

function EnvironmentRow({ project, runbook, environment, runs }: RowProps) {
  const space = useSpaceId();
  const mayRun = useMay("RunbookRunCreate", { project: project.Id, environment: environment.Id });
  const run = first(runs);
  return (
    <tr>
      <th scope="row">{environment.Name}</th>
      <td>
        {run ? (
          <Link to={to.task(space, run.TaskId)} className={classes.chip}>
            <StatusChip look={taskLook(run)} />
          </Link>
        ) : (
          <span className="dim">{t("Never")}</span>
        )}
      </td>
      <td>{run?.RunbookSnapshotName}</td>
      <td>
        <DateTime at={run?.CompletedTime ?? run?.StartTime ?? run?.QueueTime} />
      </td>
      <td>
        <Right>
          {mayRun && (
            <ButtonLink
              to={`${to.runRunbook(space, project.Slug, runbook.Slug)}?environment=${environment.Id}`}
              variant="default"
              h={28}
              px={10}
              aria-label={t("Run in {name}", { name: environment.Name })}
            >
              {t("Run…")}
            </ButtonLink>
          )}
        </Right>
      </td>
    </tr>
  );
}

const take = 15;

// Runs are all runs that are counted with an id, the newest first.
function Runs({ id }: { id: string }) {
  const space = useSpaceId();
  const [skip] = useQueryWord("skip");
  const query = { spaces: space, runbook: id, skip: skip || "0", take };
  const tasks = useGet("/api/{spaceId}/tasks", {}, { query, keep: true, enabled: useMay("TaskView") });
  const items = tasks.data?.Items ?? [];
  if (items.length === 0) return null;
  return (
    <>
      <Section title={t("Runs")} flush>
        <TaskTable label={t("Runs")} what={t("Run")} tasks={items} />
      </Section>
      <Pager total={tasks.data?.TotalResults ?? 0} take={take} />
    </>
  );
}
