import { IconPackage } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Filter } from "~/ui/Filter";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Table } from "~/ui/Table";
import { size } from "./size";
import { Uploads } from "./Uploads";
import { Views } from "./Views";

const take = 50;

export type Packages = { Items: Wire<"PackageDocument">[]; TotalResults: number };

export default function PackageList() {
  const space = useSpaceId();
  const [filter, setFilter] = useQueryWord("filter");
  const [skip] = useQueryWord("skip");
  const mayPush = useMay("BuiltInFeedPush");
  const packages = useGet(
    "/api/{spaceId}/packages",
    {},
    { query: { latest: true, filter: filter || undefined, skip: skip || "0", take }, keep: true },
  );
  return (
    <Page
      title={t("Packages")}
      actions={<Filter w={220} label={t("Filter by name")} value={filter} onChange={setFilter} />}
    >
      <Views />
      {mayPush && <Uploads />}
      <Read of={packages}>
        {(answer) => {
          const { Items, TotalResults } = answer as unknown as Packages;
          if (Items.length === 0) {
            return (
              <EmptyState
                icon={IconPackage}
                title={filter ? t("No package matches this filter.") : t("No packages yet.")}
                hint={
                  filter
                    ? undefined
                    : t("A package is what is deployed: a zip, tar, nupkg or jar with a version in its name.")
                }
              />
            );
          }
          return (
            <>
              <Table label={t("Packages")} head={[t("Package"), t("Newest version"), t("Pushed"), t("Size")]}>
                {Items.map((p) => (
                  <tr key={p.PackageId}>
                    <th scope="row">
                      <Link to={to.package(space, p.PackageId)}>{p.PackageId}</Link>
                    </th>
                    <td className="number">{p.Version}</td>
                    <td>
                      <DateTime at={p.Published} />
                    </td>
                    <td className="dim number">{size(p.PackageSizeBytes)}</td>
                  </tr>
                ))}
              </Table>
              <Pager total={TotalResults} take={take} />
            </>
          );
        }}
      </Read>
    </Page>
  );
}
