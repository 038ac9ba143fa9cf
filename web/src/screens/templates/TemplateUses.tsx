import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { okLook } from "~/ui/status";
import { Table } from "~/ui/Table";

// TemplateUses are the steps that are made from a template, and which version.
export function TemplateUses({ template }: { template: Wire<"ActionTemplate"> }) {
  const space = useSpaceId();
  // Processes change without a change of the template.
  const uses = useGet("/api/{spaceId}/actiontemplates/{id}/usage", { id: template.Id }, { refetchInterval: 5000 });
  const now = String(template.Version);
  return (
    <Section flush title={t("Used by")}>
      <Read of={uses} rows={2}>
        {(list) =>
          list.length === 0 ? (
            <p className="dim" style={{ margin: "12px 16px" }}>
              {t("No process uses it.")}
            </p>
          ) : (
            <Table label={t("Used by")} head={[t("Step"), t("Project"), t("Runbook"), t("Version")]}>
              {list.map((u) => (
                <tr key={u.ActionId}>
                  <th scope="row">
                    <Link
                      to={
                        u.RunbookId
                          ? to.project(space, u.ProjectSlug)
                          : `${to.process(space, u.ProjectSlug)}/steps?actionId=${u.ActionId}`
                      }
                    >
                      {u.ActionName || u.StepName}
                    </Link>
                  </th>
                  <td>{u.ProjectName}</td>
                  <td className="dim">{u.RunbookName || "—"}</td>
                  <td>
                    {u.Version === now ? (
                      <StatusChip look={okLook(t("Newest"))} />
                    ) : (
                      <StatusChip
                        look={{ tone: "warn", shape: "triangle", word: t("Version {n}", { n: u.Version }) }}
                      />
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
    </Section>
  );
}
