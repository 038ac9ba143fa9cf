import { Alert, Tabs } from "@mantine/core";
import { useMemo } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Task } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { type Crumb, Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { awaiting } from "./awaiting";
import { Interruptions, useQuestions } from "./Interruptions";
import { LogView } from "./log/LogView";
import { useActivity } from "./log/useActivity";
import { useLog } from "./log/useLog";
import { TaskActions } from "./TaskActions";
import { TaskSummary } from "./TaskSummary";
import { WhyWaiting } from "./WhyWaiting";

// TaskScreen shows all there is to a task, whatever address led to it.
export function TaskScreen({ id }: { id: string }) {
  const task = useGet("/api/tasks/{id}", { id });
  return (
    <Read of={task} page={t("Task")}>
      {(data) => <Shown task={data} />}
    </Read>
  );
}

// useAbout gives what a task that deploys, or runs a runbook, is about.
function useAbout(task: Task) {
  const { DeploymentId: made = "", RunbookRunId: ran = "" } = (task.Arguments ?? {}) as Record<string, string>;
  const deployment = useGet("/api/{spaceId}/deployments/{id}", { id: made, spaceId: task.SpaceId ?? "" });
  const release = useGet("/api/{spaceId}/releases/{id}", {
    id: deployment.data?.ReleaseId ?? "",
    spaceId: task.SpaceId ?? "",
  });
  const project = useGet("/api/{spaceId}/projects/{id}", { id: task.ProjectId ?? "", spaceId: task.SpaceId ?? "" });
  const environment = useGet("/api/{spaceId}/environments/{id}", {
    id: task.EnvironmentId ?? "",
    spaceId: task.SpaceId ?? "",
  });
  const run = useGet("/api/{spaceId}/runbookRuns/{id}", { id: ran, spaceId: task.SpaceId ?? "" });
  const runbook = useGet("/api/{spaceId}/runbooks/{id}", {
    id: run.data?.RunbookId ?? "",
    spaceId: task.SpaceId ?? "",
  });
  return {
    deployment: deployment.data,
    release: release.data,
    project: project.data,
    environment: environment.data,
    run: run.data,
    runbook: runbook.data,
  };
}

export type About = ReturnType<typeof useAbout>;

function crumbsOf(space: string, { project, release, runbook }: About, task: Task, inProject: boolean): Crumb[] {
  if (!project) return [{ label: t("Tasks"), to: to.tasks(space) }, { label: task.Id }];
  const crumbs: Crumb[] = inProject ? [] : [{ label: project.Name, to: to.project(space, project.Slug) }];
  if (release)
    crumbs.push({
      label: t("Release {version}", { version: release.Version }),
      to: to.release(space, project.Slug, release.Version),
    });
  if (runbook) crumbs.push({ label: runbook.Name, to: to.runbook(space, project.Slug, runbook.Slug) });
  return [...crumbs, { label: task.Id }];
}

// titleOf says what a deployment is without the project, which stands above it.
function titleOf(task: Task, { release, environment, runbook }: About): string {
  if (runbook && environment)
    return t("Run {name} in {environment}", { name: runbook.Name, environment: environment.Name });
  if (!release || !environment) return task.Description;
  return t("Deploy {version} to {environment}", { version: release.Version, environment: environment.Name });
}

function Shown({ task }: { task: Task }) {
  const space = useSpaceId();
  const inProject = Boolean(useParam("project"));
  const about = useAbout(task);
  const [word, setTab] = useQueryWord("activeTab");
  const [line] = useQueryWord("line");
  const [step] = useQueryWord("step");
  const activity = useActivity(task.Id, task.IsCompleted);
  const questions = useQuestions(task);
  const nodes = useMemo(
    () => awaiting(activity.nodes, questions.data?.Items.map((i) => i.CorrelationId) ?? []),
    [activity.nodes, questions.data],
  );
  const log = useLog(task.Id, task.IsCompleted);
  const tab = word === "taskLog" || (!word && (line || step)) ? "taskLog" : "taskSummary";
  const showStep = (of: string) => {
    // Both words change together, so this goes by the address.
    const path = window.location.hash.split("?")[0];
    window.location.hash = `${path}?activeTab=taskLog&step=${encodeURIComponent(of)}`;
  };
  return (
    <Page
      title={titleOf(task, about)}
      crumbs={crumbsOf(space, about, task, inProject)}
      beside={<StatusChip look={taskLook(task)} />}
      actions={<TaskActions task={task} about={about} />}
    >
      {task.ErrorMessage && task.IsCompleted && (
        <Alert color="bad" title={t("It did not succeed")}>
          {task.ErrorMessage}
        </Alert>
      )}
      {!task.IsCompleted && <WhyWaiting task={task} />}
      <Interruptions task={task} />
      <Tabs value={tab} onChange={(value) => setTab(value ?? undefined)} keepMounted={false}>
        <Tabs.List mb={12}>
          <Tabs.Tab value="taskSummary">{t("Summary")}</Tabs.Tab>
          <Tabs.Tab value="taskLog">{t("Task log")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="taskSummary">
          <TaskSummary task={task} about={about} nodes={nodes} onStep={showStep} />
        </Tabs.Panel>
        <Tabs.Panel value="taskLog">
          <LogView task={task.Id} over={task.IsCompleted} log={log} nodes={nodes} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
