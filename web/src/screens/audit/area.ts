import { IconHistory } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/audit", load: () => import("./Audit"), needs: "EventView" },
    { path: "/configuration/audit", load: () => import("./Audit"), needs: "EventView" },
    { path: "/configuration/audit/archives", load: () => import("./Archives"), needs: "EventRetentionView" },
  ],
  space: [{ label: "Audit", path: "audit", icon: IconHistory, order: 70, needs: "EventView" }],
});
