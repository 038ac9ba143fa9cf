import { IconBolt, IconPlus } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import { type Names, whatWords, whenWords } from "./triggers";

// TriggerList are the triggers of a project.
export default function TriggerList() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Listed project={data} />}</Read>;
}

// useNames gives the names of what triggers refer to.
export function useNames(): Names {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const runbooks = useGet("/api/{spaceId}/runbooks/all", {}, { enabled: useMay("RunbookView") });
  const all = [...(environments.data ?? []), ...(runbooks.data ?? [])];
  return (id) => all.find((d) => d.Id === id)?.Name ?? id;
}

function Listed({ project }: { project: Project }) {
  const space = useSpaceId();
  const triggers = useGet("/api/{spaceId}/projecttriggers", {}, { query: { projects: project.Id, take: 1000 } });
  const mayAdd = useMay("TriggerCreate", { project: project.Id });
  const name = useNames();
  const add = mayAdd && (
    <ButtonLink to={to.trigger(space, project.Slug, "create")} leftSection={<IconPlus size={16} />}>
      {t("Add trigger…")}
    </ButtonLink>
  );
  return (
    <Page title={t("Triggers")} actions={add}>
      <Read of={triggers}>
        {({ Items }) => {
          const mine = Items.filter((x) => x.ProjectId === project.Id);
          if (mine.length === 0) {
            return (
              <EmptyState
                icon={IconBolt}
                title={t("No triggers yet.")}
                hint={t("A trigger deploys or runs something by the clock, or when a package or a target arrives.")}
              >
                {add}
              </EmptyState>
            );
          }
          return (
            <Table label={t("Triggers")} head={[t("Name"), t("When"), t("What")]}>
              {mine.map((x) => (
                <tr key={x.Id}>
                  <th scope="row">
                    <Link to={to.trigger(space, project.Slug, x.Id)}>{x.Name}</Link>
                    {x.IsDisabled && <span className="dim"> {t("disabled")}</span>}
                    {x.Description && <div className="dim">{x.Description}</div>}
                  </th>
                  <td>{whenWords(x.Filter)}</td>
                  <td>{whatWords(x.Action, name)}</td>
                </tr>
              ))}
            </Table>
          );
        }}
      </Read>
    </Page>
  );
}
