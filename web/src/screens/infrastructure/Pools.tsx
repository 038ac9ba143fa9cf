import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { many, t } from "~/text/t";
import { Link } from "~/ui/Link";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";
import classes from "./Form.module.css";
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
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const add = useSend("post", "/api/{spaceId}/workerpools", { onDone: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ body: { Name: name, Description: description, WorkerPoolType: "StaticWorkerPool" } });
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <Refusal of={add.error} />
      <TextInput
        label={t("Name")}
        required
        withAsterisk={false}
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <Textarea label={t("Description")} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button type="submit" loading={add.isPending} disabled={!name.trim()}>
          {t("Add pool")}
        </Button>
      </Group>
    </form>
  );
}
