import { IconBook2 } from "@tabler/icons-react";
import { area } from "~/app/area";

const list = "/$space/projects/$project/operations/runbooks";
const one = `${list}/$runbook`;

export default area({
  screens: [
    { path: list, load: () => import("./RunbookList"), needs: "RunbookView" },
    { path: `${one}/overview`, load: () => import("./RunbookOverview"), needs: "RunbookView" },
    { path: `${one}/snapshots`, load: () => import("./SnapshotList"), needs: "RunbookView" },
    { path: `${one}/snapshots/create`, load: () => import("./CreateSnapshot"), needs: "RunbookEdit" },
    { path: `${one}/snapshots/$snapshot`, load: () => import("./SnapshotPage"), needs: "RunbookView" },
    { path: `${one}/snapshots/$snapshot/runs/$run`, load: () => import("./RunTask"), needs: "RunbookRunView" },
    { path: `${one}/run`, load: () => import("./RunRunbook"), needs: "RunbookRunCreate" },
    { path: `${one}/settings`, load: () => import("./RunbookSettings"), needs: "RunbookView" },
  ],
  project: [{ label: "Runbooks", path: "operations/runbooks", icon: IconBook2, order: 70, needs: "RunbookView" }],
  redirects: {
    "/$space/projects/$project/operations": list,
    "/$space/projects/$project/runbooks": list,
    [one]: `${one}/overview`,
    [`${one}/runs/create`]: `${one}/run`,
  },
});
