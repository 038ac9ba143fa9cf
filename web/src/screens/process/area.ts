import { IconListDetails } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    {
      path: "/$space/projects/$project/deployments/process",
      load: () => import("./DeploymentProcess"),
      needs: "ProcessView",
    },
    {
      path: "/$space/projects/$project/operations/runbooks/$runbook/process",
      load: () => import("./RunbookProcess"),
      needs: "RunbookView",
    },
  ],
  project: [{ label: "Process", path: "deployments/process", icon: IconListDetails, order: 20, needs: "ProcessView" }],
  redirects: {
    "/$space/projects/$project/process": "/$space/projects/$project/deployments/process",
    "/$space/projects/$project/deployments/process/steps": "/$space/projects/$project/deployments/process",
  },
});
