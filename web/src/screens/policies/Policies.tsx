import { IconHeartRateMonitor } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { Names } from "../infrastructure/Names";
import { places } from "../infrastructure/places";
import { Views } from "../infrastructure/Views";
import { intervalOf, words } from "./span";

type Policy = Wire<"MachinePolicy">;

export default function Policies() {
  const space = useSpaceId();
  const policies = useGet("/api/{spaceId}/machinepolicies/all", {});
  const columns: Column<Policy>[] = [
    [
      t("Name"),
      (p) => (
        <>
          <Link to={places.policy(space, p.Id)}>{p.Name}</Link> {p.IsDefault && <Names of={[t("Default")]} />}
        </>
      ),
    ],
    [t("Health checks"), (p) => intervalOf(p.MachineHealthCheckPolicy)],
    [
      t("Machines that stay away"),
      (p) => (
        <span className="dim">
          {p.MachineCleanupPolicy.DeleteMachinesBehavior === "DeleteUnavailableMachines"
            ? t("Deleted after {time}", { time: words(p.MachineCleanupPolicy.DeleteMachinesElapsedTimeSpan) })
            : t("Kept")}
        </span>
      ),
    ],
    [t("Description"), (p) => <span className="dim">{p.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Machine policies")}
      views={<Views />}
      of={policies}
      columns={columns}
      words={(p) => `${p.Name} ${p.Description}`}
      add={{ label: t("Add policy"), to: places.policy(space, "create"), needs: "MachinePolicyCreate" }}
      empty={{ icon: IconHeartRateMonitor, title: t("No machine policies yet.") }}
    />
  );
}
