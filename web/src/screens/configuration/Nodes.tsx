import { Button, Modal, NumberInput } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { DialogForm } from "~/ui/form/DialogForm";
import form from "~/ui/form/form.module.css";
import { Link } from "~/ui/Link";
import { type Column, Rows } from "~/ui/ListPage";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { type Look, okLook } from "~/ui/status";
import { Right } from "~/ui/Table";

type Node = {
  Id: string;
  Name: string;
  LastSeen: string;
  IsOffline: boolean;
  MaxConcurrentTasks: number;
  IsInMaintenanceMode: boolean;
  StartedTime: string;
  RunningTaskCount: number;
};

function lookOf(n: Node): Look {
  if (n.IsOffline) return { tone: "bad", shape: "broken", word: t("Offline") };
  if (!n.IsInMaintenanceMode) return okLook(t("Running"));
  if (n.RunningTaskCount > 0) return { tone: "hold", shape: "bars", word: t("Draining") };
  return { tone: "off", shape: "slash", word: t("Drained") };
}

// Nodes are the servers that do the work.
export default function Nodes() {
  const space = useSpaceId();
  const summary = useGet("/api/octopusservernodes/summary", {}, { refetchInterval: 5000 });
  const change = useSend("put", "/api/octopusservernodes/{id}");
  const forget = useSend("delete", "/api/octopusservernodes/{id}");
  const [capping, cap] = useState<Node>();
  const [leaving, leave] = useState<Node>();
  const drain = (n: Node, on: boolean) =>
    change.mutate(
      { params: { id: n.Id }, body: { ...n, IsInMaintenanceMode: on } },
      {
        onError: failed,
        onSuccess: () =>
          done(
            on
              ? t("{name} finishes what it has and takes no more.", { name: n.Name })
              : t("{name} takes tasks again.", { name: n.Name }),
          ),
      },
    );
  const columns: Column<Node>[] = [
    [t("Node"), (n) => n.Name],
    [t("State"), (n) => <StatusChip look={lookOf(n)} />],
    [
      t("Tasks"),
      (n) => <span className="number">{t("{n} of {cap}", { n: n.RunningTaskCount, cap: n.MaxConcurrentTasks })}</span>,
    ],
    [t("Started"), (n) => <DateTime at={n.StartedTime} />],
    [t("Last seen"), (n) => <DateTime at={n.LastSeen} />],
    [
      "",
      (n) => (
        <Right>
          <Button variant="default" aria-label={t("Task cap of {name}…", { name: n.Name })} onClick={() => cap(n)}>
            {t("Task cap…")}
          </Button>
          {n.IsOffline ? (
            <Button variant="default" aria-label={t("Remove {name}…", { name: n.Name })} onClick={() => leave(n)}>
              {t("Remove…")}
            </Button>
          ) : (
            <Button
              variant="default"
              aria-label={
                n.IsInMaintenanceMode
                  ? t("Let {name} take tasks", { name: n.Name })
                  : t("Drain {name}", { name: n.Name })
              }
              loading={change.isPending}
              onClick={() => drain(n, !n.IsInMaintenanceMode)}
            >
              {n.IsInMaintenanceMode ? t("Take tasks again") : t("Drain")}
            </Button>
          )}
        </Right>
      ),
    ],
  ];
  return (
    <Page title={t("Nodes")}>
      <Read of={summary}>
        {(s) => (
          <>
            <p className="dim">
              <Link to={`${to.tasks(space)}?states=Queued`} className={form.link}>
                {s.QueuedTaskCount === 0
                  ? t("No task waits in the queue")
                  : many(s.QueuedTaskCount, "1 task waits in the queue", "{n} tasks wait in the queue")}
              </Link>
              .{" "}
              {t("A node that is drained ends the tasks that it has and begins no others; it still answers requests.")}
            </p>
            <Rows label={t("Nodes")} items={(s.Nodes ?? []) as unknown as Node[]} columns={columns} />
          </>
        )}
      </Read>
      <Modal
        opened={Boolean(capping)}
        onClose={() => cap(undefined)}
        title={t("Task cap of {name}", { name: capping?.Name ?? "" })}
      >
        {capping && <CapForm node={capping} onClose={() => cap(undefined)} />}
      </Modal>
      {leaving && (
        <Confirm
          grave
          opened
          onClose={() => leave(undefined)}
          title={t("Remove {name}?", { name: leaving.Name })}
          action={t("Remove node")}
          onConfirm={() =>
            forget.mutate({ params: { id: leaving.Id } }, { onError: failed, onSettled: () => leave(undefined) })
          }
        >
          {t("It leaves the list. Should it start again, it comes back by itself.")}
        </Confirm>
      )}
    </Page>
  );
}

function CapForm({ node, onClose }: { node: Node; onClose: () => void }) {
  const [cap, setCap] = useState<number | string>(node.MaxConcurrentTasks);
  const save = useSend("put", "/api/octopusservernodes/{id}", { onDone: onClose });
  const submit = () => {
    save.mutate({ params: { id: node.Id }, body: { ...node, MaxConcurrentTasks: Number(cap) } });
  };
  return (
    <DialogForm of={save} action={t("Save")} onSubmit={submit} onClose={onClose}>
      <NumberInput
        size="xs"
        label={t("Tasks at once")}
        description={t("More of them wait in the queue.")}
        min={1}
        data-autofocus
        value={cap}
        onChange={setCap}
      />
    </DialogForm>
  );
}
