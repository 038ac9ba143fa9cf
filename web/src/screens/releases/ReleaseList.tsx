import { Select } from "@mantine/core";
import { IconPackages } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Table } from "~/ui/Table";

const take = 30;

// headline is the first line of notes that says something.
const headline = (notes: string) =>
  notes
    .split("\n")
    .map((line) => line.replace(/^[#>*\-\s]+/, ""))
    .find(Boolean) ?? "";

export default function ReleaseList() {
  const space = useSpaceId();
  const key = useParam("project");
  const project = useGet("/api/{spaceId}/projects/{id}", { id: key });
  const id = project.data?.Id ?? "";
  const [channel, setChannel] = useQueryWord("channel");
  const [skip] = useQueryWord("skip");
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id });
  const all = useGet(
    "/api/{spaceId}/projects/{id}/releases",
    { id },
    { query: { skip: skip || "0", take }, keep: true, enabled: !channel },
  );
  const some = useGet(
    "/api/{spaceId}/channels/{id}/releases",
    { id: channel },
    { query: { skip: skip || "0", take }, keep: true },
  );
  const mayRelease = useMay("ReleaseCreate", { project: id });
  const names = new Map((channels.data?.Items ?? []).map((c) => [c.Id, c.Name]));
  const create = mayRelease && <ButtonLink to={to.newRelease(space, key)}>{t("Create release…")}</ButtonLink>;
  return (
    <Page
      title={t("Releases")}
      actions={
        <>
          {names.size > 1 && (
            <Select
              w={190}
              aria-label={t("Channel")}
              placeholder={t("All channels")}
              clearable
              data={[...names].map(([value, label]) => ({ value, label }))}
              value={channel || null}
              onChange={(value) => setChannel(value ?? undefined)}
            />
          )}
          {create}
        </>
      }
    >
      <Read of={channel ? some : all}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState icon={IconPackages} title={t("There is no release here yet.")}>
              {create}
            </EmptyState>
          ) : (
            <>
              <Table label={t("Releases")} head={[t("Version"), t("Channel"), t("Notes"), t("Created")]} first>
                {Items.map((r) => (
                  <tr key={r.Id}>
                    <th scope="row" className="number">
                      <Link to={to.release(space, key, r.Version)}>{r.Version}</Link>
                    </th>
                    <td>{names.get(r.ChannelId)}</td>
                    <td className="dim">{headline(r.ReleaseNotes ?? "")}</td>
                    <td>
                      <DateTime at={r.Assembled} />
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
