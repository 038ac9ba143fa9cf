import { IconFile } from "@tabler/icons-react";
import { at } from "~/api/place";
import { useGet, useSpaceId } from "~/api/query";
import type { ActivityNode } from "~/api/stream/events";
import type { Task } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Link } from "~/ui/Link";
import { Markdown } from "~/ui/Markdown";
import { Facts, Section } from "~/ui/Section";
import { Gantt } from "./Gantt";
import { Lasted } from "./Lasted";
import type { About } from "./TaskScreen";

type Props = { task: Task; about: About; nodes: ActivityNode[]; onStep: (id: string) => void };

export function TaskSummary({ task, about, nodes, onStep }: Props) {
  const space = useSpaceId();
  const tenant = useGet("/api/{spaceId}/tenants/{id}", { id: task.TenantId ?? "" });
  const { deployment, project, release, environment, run, runbook } = about;
  const snapshot = useGet("/api/{spaceId}/runbookSnapshots/{id}", { id: run?.RunbookSnapshotId ?? "" });
  const hasChanges = (deployment?.Changes ?? []).some(
    (c) => c.ReleaseNotes || (c.Commits ?? []).length > 0 || (c.WorkItems ?? []).length > 0,
  );
  return (
    <div style={{ display: "grid", gap: 16 }}>
      <Facts
        of={[
          [
            t("Project"),
            project && (
              <Link key="p" to={to.project(space, project.Slug)}>
                {project.Name}
              </Link>
            ),
          ],
          [
            t("Release"),
            project && release && (
              <Link key="r" to={to.release(space, project.Slug, release.Version)}>
                {release.Version}
              </Link>
            ),
          ],
          [
            t("Runbook"),
            project && runbook && (
              <Link key="b" to={to.runbook(space, project.Slug, runbook.Slug)}>
                {runbook.Name}
              </Link>
            ),
          ],
          [
            t("Snapshot"),
            project && runbook && run && (
              <Link key="n" to={to.snapshot(space, project.Slug, runbook.Slug, run.RunbookSnapshotId)}>
                {snapshot.data?.Name ?? run.RunbookSnapshotId}
              </Link>
            ),
          ],
          [t("Environment"), environment?.Name],
          [t("Tenant"), tenant.data?.Name],
          [t("By"), deployment?.DeployedBy ?? run?.DeployedBy],
          [t("Queued"), <DateTime key="q" at={task.QueueTime} className="" />],
          [t("Started"), task.StartTime && <DateTime key="s" at={task.StartTime} className="" />],
          [t("Took"), task.StartTime && <Lasted key="d" from={task.StartTime} to={task.CompletedTime} />],
          [t("Node"), task.ServerNode],
        ]}
      />
      <Section title={t("Steps")}>
        <Gantt nodes={nodes} onStep={onStep} />
      </Section>
      <Artifacts task={task} />
      {hasChanges && deployment && (
        <Section title={t("Changes")}>
          <Markdown text={deployment.ChangesMarkdown} />
        </Section>
      )}
    </div>
  );
}

function Artifacts({ task }: { task: Task }) {
  const space = useSpaceId();
  const query = { regarding: task.Id, take: 100 };
  const artifacts = useGet("/api/{spaceId}/artifacts", {}, { query, enabled: Boolean(task.SpaceId) });
  const items = artifacts.data?.Items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t("Artifacts")}>
      <ul style={{ margin: 0, padding: 0, listStyle: "none", display: "grid", gap: 6 }}>
        {items.map((a) => (
          <li key={a.Id} style={{ display: "flex", gap: 8, alignItems: "center" }}>
            <IconFile size={16} stroke={1.6} aria-hidden />
            <a href={at(`/api/${space}/artifacts/${a.Id}/content`)} download={a.Filename}>
              {a.Filename}
            </a>
            <DateTime at={a.Created} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
