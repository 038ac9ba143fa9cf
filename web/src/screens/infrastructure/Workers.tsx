import { IconServerCog } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { MachineTable } from "./MachineTable";
import { Names } from "./Names";
import { places } from "./places";
import { Views } from "./Views";

export default function Workers() {
  const space = useSpaceId();
  const workers = useGet("/api/{spaceId}/workers/all", {});
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  const add = useMay("WorkerEdit") && <ButtonLink to={places.newWorker(space)}>{t("Add worker…")}</ButtonLink>;
  const nameOf = (id: string) => pools.data?.find((p) => p.Id === id)?.Name;
  return (
    <Page title={t("Workers")} actions={add}>
      <Views />
      <Read of={workers}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={IconServerCog}
              title={t("No workers yet. A worker runs the steps that do not run on a target.")}
            >
              {add}
            </EmptyState>
          ) : (
            <MachineTable
              label={t("Workers")}
              machines={all}
              to={(id) => places.worker(space, id)}
              columns={[{ head: t("Pools"), of: (w) => <Names of={(w.WorkerPoolIds ?? []).map(nameOf)} /> }]}
            />
          )
        }
      </Read>
    </Page>
  );
}
