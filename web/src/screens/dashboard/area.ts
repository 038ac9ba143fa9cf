import { IconLayoutDashboard } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [{ path: "/$space", load: () => import("./Dashboard") }],
  space: [{ label: "Dashboard", path: "", icon: IconLayoutDashboard, order: 10 }],
});
