import { Button, Modal } from "@mantine/core";
import { IconBook2, IconSearch } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { refOf } from "~/api/branch";
import type { ApiError } from "~/api/error";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useGo, useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Filter } from "~/ui/Filter";
import { AddForm } from "~/ui/form/DialogForm";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { Right, Table } from "~/ui/Table";
import { BranchBar, useProtected } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import classes from "./runbooks.module.css";
import { areInGit, countedAs, type Runbook } from "./useRunbook";

export default function RunbookList() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project} page={t("Runbooks")}>
      {(p) => (areInGit(p) ? <OnBranch project={p} /> : <InDatabase project={p} />)}
    </Read>
  );
}

type Run = Wire<"RunItem">;

// useLastRuns gives the newest run of each runbook of a project.
function useLastRuns(project: string): { runs: Map<string, Run>; environment: (id: string) => string } {
  const board = useGet("/api/{spaceId}/progression/runbooks/taskRuns", {}, { query: { projectIds: project } });
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const runs = new Map<string, Run>();
  for (const run of board.data?.Items ?? []) {
    const known = runs.get(run.RunbookId);
    if (!known || (known.Created ?? "") < (run.Created ?? "")) runs.set(run.RunbookId, run);
  }
  return { runs, environment: (id) => environments.data?.find((e) => e.Id === id)?.Name ?? id };
}

function InDatabase({ project }: { project: Project }) {
  const list = useGet("/api/{spaceId}/projects/{id}/runbooks", { id: project.Id }, { query: { take: 1000 } });
  return <Listed project={project} list={list} />;
}

function OnBranch({ project }: { project: Project }) {
  const [branch, choose] = useBranch(project);
  const params = { id: project.Id, gitRef: refOf(branch) };
  const list = useGet("/api/{spaceId}/projects/{id}/{gitRef}/runbooks", params, { query: { take: 1000 } });
  const locked = useProtected(project, branch);
  const bar = <BranchBar project={project} branch={branch} onChoose={choose} />;
  return <Listed project={project} list={list} branch={branch} above={bar} locked={locked} />;
}

type ListedProps = {
  project: Project;
  list: UseQueryResult<{ Items: Runbook[] }, ApiError>;
  // branch is the one that the list is of, in Git.
  branch?: string;
  above?: ReactNode;
  locked?: boolean;
};

function Listed({ project, list, branch, above, locked }: ListedProps) {
  const [filter, setFilter] = useQueryWord("q");
  const [adding, setAdding] = useQueryWord("add");
  const last = useLastRuns(project.Id);
  const mayAdd = useMay("RunbookEdit", { project: project.Id }) && !locked;
  const add = mayAdd && <Button onClick={() => setAdding("runbook", { push: true })}>{t("Add runbook…")}</Button>;
  return (
    <Page
      title={t("Runbooks")}
      actions={
        <>
          <Filter label={t("Filter by name")} value={filter} onChange={setFilter} />
          {add}
        </>
      }
    >
      {above}
      <Read of={list}>
        {({ Items }) => {
          if (Items.length === 0) {
            return (
              <EmptyState
                icon={IconBook2}
                title={t("No runbooks yet.")}
                hint={t("A runbook is a process that is run when it is needed, without a release: restart, back up.")}
              >
                {add}
              </EmptyState>
            );
          }
          const shown = Items.filter((r) => r.Name.toLowerCase().includes(filter.toLowerCase()));
          if (shown.length === 0) return <EmptyState icon={IconSearch} title={t("No runbook has such a name.")} />;
          return (
            <Table label={t("Runbooks")} head={[t("Runbook"), t("Last run"), t("Where"), t("When"), ""]} first>
              {shown.map((r) => {
                const run = last.runs.get(countedAs(r));
                return <Row key={r.Id} project={project} runbook={r} run={run} environment={last.environment} />;
              })}
            </Table>
          );
        }}
      </Read>
      <Modal opened={adding === "runbook"} onClose={() => setAdding(undefined)} title={t("Add runbook")}>
        {branch ? (
          <CommitRunbook project={project} branch={branch} onClose={() => setAdding(undefined)} />
        ) : (
          <AddRunbook project={project} onClose={() => setAdding(undefined)} />
        )}
      </Modal>
    </Page>
  );
}

type RowProps = { project: Project; runbook: Runbook; run: Run | undefined; environment: (id: string) => string };

function Row({ project, runbook, run, environment }: RowProps) {
  const space = useSpaceId();
  const mayRun = useMay("RunbookRunCreate", { project: project.Id });
  return (
    <tr>
      <th scope="row">
        <Link to={to.runbook(space, project.Slug, runbook.Slug)}>{runbook.Name}</Link>
        {runbook.Description && <div className={classes.about}>{runbook.Description}</div>}
      </th>
      <td>
        {run ? (
          <Link to={to.task(space, run.TaskId)} className={classes.chip}>
            <StatusChip look={taskLook(run)} />
          </Link>
        ) : (
          <span className="dim">{t("Never")}</span>
        )}
      </td>
      <td>{run && environment(run.EnvironmentId)}</td>
      <td>
        <DateTime at={run?.CompletedTime ?? run?.StartTime ?? run?.QueueTime} />
      </td>
      <td>
        <Right>
          {!areInGit(project) && !runbook.PublishedRunbookSnapshotId && (
            <span className={classes.flag}>{t("Not published")}</span>
          )}
          {mayRun && (
            <ButtonLink
              to={to.runRunbook(space, project.Slug, runbook.Slug)}
              variant="default"
              h={28}
              px={10}
              aria-label={t("Run {name}", { name: runbook.Name })}
            >
              {t("Run…")}
            </ButtonLink>
          )}
        </Right>
      </td>
    </tr>
  );
}

// useOpening goes to the process of a runbook that was added.
function useOpening(project: Project) {
  const space = useSpaceId();
  const go = useGo();
  return (made: { Slug: string }) => go(to.runbookProcess(space, project.Slug, made.Slug), { replace: true });
}

function AddRunbook({ project, onClose }: { project: Project; onClose: () => void }) {
  const onDone = useOpening(project);
  const add = useSend("post", "/api/{spaceId}/projects/{id}/runbooks", { touches: ["runbooks"], onDone });
  return (
    <AddForm
      of={add}
      action={t("Add runbook")}
      onAdd={(body) => add.mutate({ params: { id: project.Id }, body })}
      onClose={onClose}
    />
  );
}

type CommitProps = { project: Project; branch: string; onClose: () => void };

function CommitRunbook({ project, branch, onClose }: CommitProps) {
  const onDone = useOpening(project);
  const add = useSend("post", "/api/{spaceId}/projects/{id}/{gitRef}/runbooks/v2", { touches: ["runbooks"], onDone });
  return (
    <AddForm
      of={add}
      action={t("Add runbook")}
      onAdd={(body) =>
        add.mutate({
          params: { id: project.Id, gitRef: refOf(branch) },
          body: { ...body, ChangeDescription: t("Add runbook {name}", { name: body.Name }) } as object,
        })
      }
      onClose={onClose}
    >
      <p className="dim">{t("It is committed to branch {branch}.", { branch })}</p>
    </AddForm>
  );
}
