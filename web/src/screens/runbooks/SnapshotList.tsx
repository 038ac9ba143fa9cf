import { IconCamera } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Table } from "~/ui/Table";
import classes from "./runbooks.module.css";
import { OfRunbook, type Runbook, RunbookTabs, useCrumbs } from "./useRunbook";

const take = 30;

export default function SnapshotList() {
  return <OfRunbook page={t("Snapshots")}>{(p, r) => <Listed project={p} runbook={r} />}</OfRunbook>;
}

function Listed({ project, runbook }: { project: Project; runbook: Runbook }) {
  const space = useSpaceId();
  const [skip] = useQueryWord("skip");
  const query = { skip: skip || "0", take };
  const list = useGet("/api/{spaceId}/runbooks/{id}/runbookSnapshots", { id: runbook.Id }, { query, keep: true });
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  const add = mayEdit && (
    <ButtonLink to={to.newSnapshot(space, project.Slug, runbook.Slug)}>{t("Make snapshot…")}</ButtonLink>
  );
  return (
    <Page title={t("Snapshots")} crumbs={useCrumbs(project, runbook, { label: t("Snapshots") })} actions={add}>
      <RunbookTabs project={project} runbook={runbook} />
      <Read of={list}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconCamera}
              title={t("No snapshots yet.")}
              hint={t("A snapshot keeps the steps, variables and packages of the runbook as they are at that time.")}
            >
              {add}
            </EmptyState>
          ) : (
            <>
              <Table label={t("Snapshots")} head={[t("Snapshot"), t("Made"), t("By"), t("Notes")]} first>
                {Items.map((s) => (
                  <tr key={s.Id}>
                    <th scope="row">
                      <Link to={to.snapshot(space, project.Slug, runbook.Slug, s.Id)}>{s.Name}</Link>{" "}
                      {s.Id === runbook.PublishedRunbookSnapshotId && (
                        <span className={classes.published}>{t("Published")}</span>
                      )}
                    </th>
                    <td>
                      <DateTime at={s.Assembled} />
                    </td>
                    <td>{s.LastModifiedBy}</td>
                    <td className="dim">{s.Notes}</td>
                  </tr>
                ))}
              </Table>
              <Pager total={TotalResults} take={take} />
            </>
          )
        }
      </Read>
    </Page>
  );
}
