import { IconGitCommit } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Filter } from "~/ui/Filter";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Table } from "~/ui/Table";
import { Views } from "../library/Views";

const take = 50;

// BuildList is what builds have said of the packages that they made.
export default function BuildList() {
  const space = useSpaceId();
  const [name, setName] = useQueryWord("packageId");
  const [skip] = useQueryWord("skip");
  const query = { packageId: name || undefined, skip: skip || "0", take };
  const builds = useGet("/api/{spaceId}/build-information", {}, { query, keep: true });
  return (
    <Page
      title={t("Build information")}
      actions={<Filter w={220} label={t("Package")} value={name} onChange={setName} />}
    >
      <Views />
      <Read of={builds}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconGitCommit}
              title={name ? t("There is none of such a package.") : t("No build information yet.")}
              hint={t("A build server pushes it beside its packages: commits, work items and where it was built.")}
            />
          ) : (
            <>
              <Table label={t("Build information")} head={[t("Package"), t("Version"), t("Branch"), t("Built")]} first>
                {Items.map((b) => (
                  <tr key={b.Id}>
                    <th scope="row">
                      <Link to={to.build(space, b.Id)}>{b.PackageId}</Link>
                    </th>
                    <td className="number">{b.Version}</td>
                    <td>{b.Branch}</td>
                    <td>
                      <DateTime at={b.Created} />
                    </td>
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
