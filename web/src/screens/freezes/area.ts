import { IconSnowflake } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/configuration/freezes", load: () => import("./Freezes") },
    { path: "/configuration/freezes/$freeze", load: () => import("./FreezePage") },
  ],
  system: [{ label: "Freezes", path: "configuration/freezes", icon: IconSnowflake, order: 30 }],
});
