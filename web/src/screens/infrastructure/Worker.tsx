import { Button, Switch, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { healthLook, offLook } from "~/ui/status";
import { Condition } from "./Condition";
import classes from "./Form.module.css";
import { places } from "./places";
import { useCheckHealth } from "./useCheckHealth";

export default function Worker() {
  const worker = useGet("/api/{spaceId}/workers/{id}", { id: useParam("worker") });
  return <Read of={worker}>{(w) => <WorkerPage key={w.Id} worker={w} />}</Read>;
}

function WorkerPage({ worker }: { worker: Wire<"Worker"> }) {
  const space = useSpaceId();
  const go = useGo();
  const mayEdit = useMay("WorkerEdit");
  const [removing, setRemoving] = useState(false);
  const check = useCheckHealth();
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  const [draft, setDraft] = useState(worker);
  const save = useSend("put", "/api/{spaceId}/workers/{id}", {
    touches: ["workerpools"],
    onDone: () => done(t("Saved.")),
  });
  const remove = useSend("delete", "/api/{spaceId}/workers/{id}", { onDone: () => go(places.workers(space)) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ params: { id: worker.Id }, body: draft });
  };
  return (
    <form onSubmit={submit}>
      <Page
        narrow
        title={worker.Name}
        crumbs={[{ label: t("Workers"), to: places.workers(space) }, { label: worker.Name }]}
        beside={<StatusChip look={worker.IsDisabled ? offLook(t("Disabled")) : healthLook(worker.HealthStatus)} />}
        actions={
          mayEdit && (
            <>
              <Button variant="default" onClick={() => setRemoving(true)}>
                {t("Delete…")}
              </Button>
              <Button variant="default" loading={check.isPending} onClick={() => check.worker(worker.Id, worker.Name)}>
                {t("Check health")}
              </Button>
              <Button type="submit" loading={save.isPending}>
                {t("Save")}
              </Button>
            </>
          )
        }
      >
        <Refusal of={save.error} />
        <Condition machine={worker} of="workers" />
        <Section title={t("Settings")}>
          <div className={classes.form}>
            <TextInput
              label={t("Name")}
              value={draft.Name}
              onChange={(e) => setDraft({ ...draft, Name: e.currentTarget.value })}
            />
            <PickMany
              label={t("Worker pools")}
              choices={choicesOf(pools.data)}
              value={draft.WorkerPoolIds}
              onChange={(WorkerPoolIds) => setDraft({ ...draft, WorkerPoolIds })}
            />
            <Switch
              label={t("Enabled")}
              checked={!draft.IsDisabled}
              onChange={(e) => setDraft({ ...draft, IsDisabled: !e.currentTarget.checked })}
            />
          </div>
        </Section>
      </Page>
      <Confirm
        grave
        opened={removing}
        onClose={() => setRemoving(false)}
        title={t("Delete {name}?", { name: worker.Name })}
        action={t("Delete {name}", { name: worker.Name })}
        onConfirm={() => remove.mutate({ params: { id: worker.Id } }, { onError: failed })}
      >
        {t("Steps will not run on it any more.")}
      </Confirm>
    </form>
  );
}
