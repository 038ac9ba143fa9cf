import { IconBolt } from "@tabler/icons-react";
import { area } from "~/app/area";

const at = "/$space/projects/$project/deployments/triggers";

export default area({
  screens: [
    { path: at, load: () => import("./TriggerList"), needs: "TriggerView" },
    { path: `${at}/$trigger`, load: () => import("./TriggerForm"), needs: "TriggerView" },
  ],
  project: [{ label: "Triggers", path: "deployments/triggers", icon: IconBolt, order: 60, needs: "TriggerView" }],
  redirects: { "/$space/projects/$project/triggers": at },
});
