import { IconBox, IconLayoutGrid } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/projects", load: () => import("./ProjectList"), needs: "ProjectView" },
    { path: "/$space/projects/$project/deployments", load: () => import("./Overview") },
  ],
  space: [{ label: "Projects", path: "projects", icon: IconBox, order: 20, needs: "ProjectView" }],
  project: [{ label: "Overview", path: "deployments", icon: IconLayoutGrid, order: 10 }],
  redirects: {
    "/$space/projects/$project": "/$space/projects/$project/deployments",
    "/$space/projects/$project/overview": "/$space/projects/$project/deployments",
    "/$space/projectGroups/$group": "/$space/projects?projectGroupId=$group",
  },
});
