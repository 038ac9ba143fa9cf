import { useGet, useSpaceId } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { taskLook } from "~/ui/status";
import { Table } from "~/ui/Table";

// History lists the deployments of a release.
export function History({ project, release }: { project: Project; release: Release }) {
  const space = useSpaceId();
  const deployments = useGet("/api/{spaceId}/releases/{id}/deployments", { id: release.Id }, { query: { take: 50 } });
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const ids = (deployments.data?.Items ?? []).map((d) => d.TaskId).join(",");
  const tasks = useGet("/api/{spaceId}/tasks", {}, { query: { ids, take: 50 }, enabled: ids !== "", keep: true });
  const nameOf = (id: string) => environments.data?.find((e) => e.Id === id)?.Name ?? id;
  const items = deployments.data?.Items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t("Deployments")} flush>
      <Table label={t("Deployments")} head={[t("To"), t("State"), t("By"), t("When"), t("Comments")]}>
        {items.map((d) => (
          <tr key={d.Id}>
            <th scope="row">
              <Link to={to.deployment(space, project.Slug, release.Version, d.Id)}>{nameOf(d.EnvironmentId)}</Link>
            </th>
            <td>
              {tasks.data?.Items.filter((x) => x.Id === d.TaskId).map((x) => (
                <StatusChip key={x.Id} look={taskLook(x)} />
              ))}
            </td>
            <td>{d.DeployedBy}</td>
            <td>
              <DateTime at={d.Created} />
            </td>
            <td className="dim">{d.Comments}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
