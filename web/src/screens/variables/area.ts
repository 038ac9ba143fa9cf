import { IconVariable } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/projects/$project/variables", load: () => import("./ProjectVariables"), needs: "VariableView" },
  ],
  project: [{ label: "Variables", path: "variables", icon: IconVariable, order: 30, needs: "VariableView" }],
});
