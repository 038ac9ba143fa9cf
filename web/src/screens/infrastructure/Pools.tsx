import { Button, Modal } from "@mantine/core";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { many, t } from "~/text/t";
import { AddForm } from "~/ui/form/DialogForm";
import { Link } from "~/ui/Link";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";
import { Names } from "./Names";
import { places } from "./places";
import { Views } from "./Views";

export default function Pools() {
  const space = useSpaceId();
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  const workers = useGet("/api/{spaceId}/workers/all", {});
  const [adding, setAdding] = useQueryWord("add");
  const mayEdit = useMay("WorkerEdit");
  const save = useSend("put", "/api/{spaceId}/workerpools/{id}");
  const of = (id: string) => workers.data?.filter((w) => w.WorkerPoolIds?.includes(id)) ?? [];
  return (
    <Page
      title={t("Worker pools")}
      actions={mayEdit && <Button onClick={() => setAdding("yes")}>{t("Add pool…")}</Button>}
    >
      <Views />
      <Read of={pools}>
        {(all) => (
          <Table label={t("Worker pools")} head={[t("Name"), t("Workers"), t("Description"), ""]}>
            {all.map((p) => (
              <tr key={p.Id}>
                <th scope="row">
                  {p.Name} {p.IsDefault && <Names of={[t("Default")]} />}
                </th>
                <td>
                  <Link to={places.workers(space)}>{many(of(p.Id).length, "{n} worker", "{n} workers")}</Link>
                </td>
                <td className="dim">{p.Description}</td>
                <td>
                  <Right>
                    {mayEdit && !p.IsDefault && (
                      <Button
                        variant="default"
                        onClick={() =>
                          save.mutate({ params: { id: p.Id }, body: { ...p, IsDefault: true } }, { onError: failed })
                        }
                      >
                        {t("Make default")}
                      </Button>
                    )}
                  </Right>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Read>
      <Modal opened={Boolean(adding)} onClose={() => setAdding(undefined)} title={t("Add worker pool")}>
        <AddPool onClose={() => setAdding(undefined)} />
      </Modal>
    </Page>
  );
}

function AddPool({ onClose }: { onClose: () => void }) {
  const add = useSend("post", "/api/{spaceId}/workerpools", { onDone: onClose });
  return (
    <AddForm
      of={add}
      action={t("Add pool")}
      onAdd={(named) => add.mutate({ body: { ...named, WorkerPoolType: "StaticWorkerPool" } })}
      onClose={onClose}
    />
  );
}
