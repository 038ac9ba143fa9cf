import { IconPlanet } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/configuration/spaces", load: () => import("./Spaces") },
    { path: "/configuration/spaces/$spaceDocument", load: () => import("./SpacePage") },
  ],
  system: [{ label: "Spaces", path: "configuration/spaces", icon: IconPlanet, order: 10 }],
});
