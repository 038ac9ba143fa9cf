import { IconVariable } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/projects/$project/variables", load: () => import("./ProjectVariables"), needs: "VariableView" },
    { path: "/$space/projects/$project/variables/all", load: () => import("./AllVariables"), needs: "VariableView" },
    { path: "/$space/projects/$project/variables/preview", load: () => import("./Preview"), needs: "VariableView" },
    {
      path: "/$space/projects/$project/variables/library",
      load: () => import("./IncludedSets"),
      needs: "VariableView",
    },
    {
      path: "/$space/projects/$project/variables/templates",
      load: () => import("./ProjectTemplates"),
      needs: "ProjectView",
    },
    { path: "/$space/library/variables", load: () => import("./LibrarySets"), needs: "LibraryVariableSetView" },
    { path: "/$space/library/variables/$set", load: () => import("./LibrarySet"), needs: "LibraryVariableSetView" },
    {
      path: "/$space/library/variables/$set/settings",
      load: () => import("./LibrarySettings"),
      needs: "LibraryVariableSetView",
    },
  ],
  project: [{ label: "Variables", path: "variables", icon: IconVariable, order: 30, needs: "VariableView" }],
});
