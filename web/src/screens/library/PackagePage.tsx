import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { at } from "~/api/place";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Right, Table } from "~/ui/Table";
import type { Packages } from "./Packages";
import { size } from "./size";

const take = 50;

type Version = Wire<"PackageDocument">;

// PackagePage shows the versions of a package.
export default function PackagePage() {
  const space = useSpaceId();
  const id = useParam("package");
  const [skip] = useQueryWord("skip");
  const [leaving, setLeaving] = useState<Version>();
  const mayDelete = useMay("BuiltInFeedAdminister");
  const versions = useGet(
    "/api/{spaceId}/packages",
    {},
    { query: { nuGetPackageId: id, skip: skip || "0", take }, keep: true },
  );
  const remove = useSend("delete", "/api/{spaceId}/packages/{id}");
  return (
    <Page title={id} crumbs={[{ label: t("Packages"), to: to.packages(space) }, { label: id }]}>
      <Read of={versions}>
        {(answer) => {
          const { Items, TotalResults } = answer as unknown as Packages;
          if (Items.length === 0) return <EmptyState title={t("There is no version of {id}.", { id })} />;
          return (
            <>
              <Table label={t("Versions")} head={[t("Version"), t("Pushed"), t("Size"), t("Kind"), ""]}>
                {Items.map((v) => (
                  <tr key={v.Id}>
                    <th scope="row" className="number">
                      {v.Version}
                    </th>
                    <td>
                      <DateTime at={v.Published} />
                    </td>
                    <td className="dim number">{size(v.PackageSizeBytes)}</td>
                    <td className="dim">{v.FileExtension}</td>
                    <td>
                      <Right>
                        <Button
                          component="a"
                          variant="default"
                          href={at(`/api/${space}/packages/${encodeURIComponent(v.Id)}/raw`)}
                          leftSection={<IconDownload size={15} aria-hidden />}
                          aria-label={t("Download {version}", { version: v.Version })}
                        >
                          {t("Download")}
                        </Button>
                        {mayDelete && (
                          <Button
                            variant="default"
                            aria-label={t("Delete {version}…", { version: v.Version })}
                            onClick={() => setLeaving(v)}
                          >
                            {t("Delete…")}
                          </Button>
                        )}
                      </Right>
                    </td>
                  </tr>
                ))}
              </Table>
              <Pager total={TotalResults} take={take} />
            </>
          );
        }}
      </Read>
      {leaving && (
        <Confirm
          grave
          opened
          onClose={() => setLeaving(undefined)}
          title={t("Delete {id} {version}?", { id, version: leaving.Version })}
          action={t("Delete {version}", { version: leaving.Version })}
          onConfirm={() =>
            remove.mutate({ params: { id: leaving.Id } }, { onError: failed, onSettled: () => setLeaving(undefined) })
          }
        >
          {t("The server refuses this while a release has chosen it, and says which.")}
        </Confirm>
      )}
    </Page>
  );
}
