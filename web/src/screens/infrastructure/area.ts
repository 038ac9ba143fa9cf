import { IconServer2 } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/infrastructure/overview", load: () => import("./Overview"), needs: "EnvironmentView" },
    { path: "/$space/infrastructure/machines", load: () => import("./Targets"), needs: "MachineView" },
    { path: "/$space/infrastructure/machines/new", load: () => import("./AddTarget"), needs: "MachineCreate" },
    { path: "/$space/infrastructure/machines/$machine/settings", load: () => import("./Target"), needs: "MachineView" },
    { path: "/$space/infrastructure/environments", load: () => import("./Environments"), needs: "EnvironmentView" },
    { path: "/$space/infrastructure/environments/$environment", load: () => import("./EnvironmentPage") },
    { path: "/$space/infrastructure/parentenvironments", load: () => import("./Parents"), needs: "EnvironmentView" },
    { path: "/$space/infrastructure/parentenvironments/$parent", load: () => import("./ParentPage") },
    { path: "/$space/infrastructure/workers", load: () => import("./Workers"), needs: "WorkerView" },
    { path: "/$space/infrastructure/workers/new", load: () => import("./AddWorker"), needs: "WorkerEdit" },
    { path: "/$space/infrastructure/workers/$worker/settings", load: () => import("./Worker"), needs: "WorkerView" },
    { path: "/$space/infrastructure/workerpools", load: () => import("./Pools"), needs: "WorkerView" },
    { path: "/$space/infrastructure/accounts", load: () => import("./Accounts"), needs: "AccountView" },
    { path: "/$space/infrastructure/accounts/$account", load: () => import("./AccountPage"), needs: "AccountView" },
  ],
  space: [{ label: "Infrastructure", path: "infrastructure", icon: IconServer2, order: 30, needs: "EnvironmentView" }],
  redirects: {
    "/$space/infrastructure": "/$space/infrastructure/overview",
    "/$space/infrastructure/machines/$machine": "/$space/infrastructure/machines/$machine/settings",
    "/$space/infrastructure/workers/$worker": "/$space/infrastructure/workers/$worker/settings",
    "/$space/infrastructure/workerpools/$pool": "/$space/infrastructure/workerpools",
  },
});
