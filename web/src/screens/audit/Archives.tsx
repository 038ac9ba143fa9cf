import { Button } from "@mantine/core";
import { IconArchive, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { at } from "~/api/place";
import { useGet, useSend } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Right, Table } from "~/ui/Table";
import { size } from "../library/size";

const take = 50;

// Archives are the files into which the older part of the audit trail goes.
export default function Archives() {
  const [skip] = useQueryWord("skip");
  const files = useGet("/api/events/archives", {}, { query: { skip: skip || "0", take }, keep: true });
  const remove = useSend("delete", "/api/events/archives/{name}");
  const mayDelete = useMay("EventRetentionDelete");
  const [leaving, setLeaving] = useState("");
  return (
    <Page
      title={t("Archived audit trail")}
      crumbs={[{ label: t("Audit"), to: "/configuration/audit" }, { label: t("Archived") }]}
    >
      <Read of={files}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconArchive}
              title={t("Nothing has been archived yet.")}
              hint={t("What is older than the retention of the audit trail goes into files here.")}
            />
          ) : (
            <>
              <Table label={t("Archived audit trail")} head={[t("File"), t("Size"), t("Made"), ""]}>
                {Items.map((f) => (
                  <tr key={f.Id}>
                    <th scope="row">{f.FileName}</th>
                    <td className="dim number">{size(f.FileBytes)}</td>
                    <td>
                      <DateTime at={f.CreatedDate} />
                    </td>
                    <td>
                      <Right>
                        <Button
                          component="a"
                          variant="default"
                          download={f.FileName}
                          href={at(`/api/events/archives/${encodeURIComponent(f.FileName)}`)}
                          leftSection={<IconDownload size={15} aria-hidden />}
                          aria-label={t("Download {name}", { name: f.FileName })}
                        >
                          {t("Download")}
                        </Button>
                        {mayDelete && (
                          <Button
                            variant="default"
                            aria-label={t("Delete {name}…", { name: f.FileName })}
                            onClick={() => setLeaving(f.FileName)}
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
          )
        }
      </Read>
      <Confirm
        grave
        opened={leaving !== ""}
        onClose={() => setLeaving("")}
        title={t("Delete {name}?", { name: leaving })}
        action={t("Delete the file")}
        onConfirm={() =>
          remove.mutate({ params: { name: leaving } }, { onError: failed, onSettled: () => setLeaving("") })
        }
      >
        {t("The events in it are then nowhere any more. That it was deleted stays in the audit trail.")}
      </Confirm>
    </Page>
  );
}
