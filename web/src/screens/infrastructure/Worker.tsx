import { Button, Switch, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { healthLook, offLook } from "~/ui/status";
import { Condition } from "./Condition";
import { places } from "./places";
import { useCheckHealth } from "./useCheckHealth";

export default function Worker() {
  const worker = useGet("/api/{spaceId}/workers/{id}", { id: useParam("worker") });
  return <Read of={worker}>{(w) => <WorkerPage key={w.Id} worker={w} />}</Read>;
}

function WorkerPage({ worker }: { worker: Wire<"Worker"> }) {
  const space = useSpaceId();
  const mayEdit = useMay("WorkerEdit");
  const check = useCheckHealth();
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  return (
    <DocumentForm
      collection="/api/{spaceId}/workers"
      document={worker}
      name={worker.Name}
      add={t("Add worker")}
      remove={[t("Delete worker"), t("Steps will not run on it any more.")]}
      list={{ label: t("Workers"), to: places.workers(space) }}
      place={(made) => places.worker(space, made.Id)}
      may={{ edit: "WorkerEdit" }}
      touches={["workerpools"]}
      why={named}
      beside={<StatusChip look={worker.IsDisabled ? offLook(t("Disabled")) : healthLook(worker.HealthStatus)} />}
      actions={
        mayEdit && (
          <Button variant="default" loading={check.isPending} onClick={() => check.worker(worker.Id, worker.Name)}>
            {t("Check health")}
          </Button>
        )
      }
    >
      {({ value, put, readOnly }) => (
        <>
          <Condition machine={worker} of="workers" />
          <Section title={t("Settings")}>
            <div className={form.fields}>
              <TextInput
                label={t("Name")}
                disabled={readOnly}
                value={value.Name}
                onChange={(e) => put({ Name: e.currentTarget.value })}
              />
              <PickMany
                label={t("Worker pools")}
                disabled={readOnly}
                choices={choicesOf(pools.data)}
                value={value.WorkerPoolIds}
                onChange={(WorkerPoolIds) => put({ WorkerPoolIds })}
              />
              <Switch
                label={t("Enabled")}
                disabled={readOnly}
                checked={!value.IsDisabled}
                onChange={(e) => put({ IsDisabled: !e.currentTarget.checked })}
              />
            </div>
          </Section>
        </>
      )}
    </DocumentForm>
  );
}
