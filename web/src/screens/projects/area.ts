import { IconBox, IconLayoutGrid, IconSettings } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/projects", load: () => import("./ProjectList"), needs: "ProjectView" },
    { path: "/$space/projects/$project/deployments", load: () => import("./Overview") },
    {
      path: "/$space/projects/$project/deployments/environments/$environment",
      load: () => import("./Timeline"),
      needs: "DeploymentView",
    },
    { path: "/$space/projects/$project/settings", load: () => import("./ProjectSettings"), needs: "ProjectView" },
  ],
  space: [{ label: "Projects", path: "projects", icon: IconBox, order: 20, needs: "ProjectView" }],
  project: [
    { label: "Overview", path: "deployments", icon: IconLayoutGrid, order: 10 },
    { label: "Settings", path: "settings", icon: IconSettings, order: 90, needs: "ProjectView" },
  ],
  redirects: {
    "/$space/projects/$project": "/$space/projects/$project/deployments",
    "/$space/projects/$project/overview": "/$space/projects/$project/deployments",
    "/$space/projectGroups/$group": "/$space/projects?projectGroupId=$group",
  },
});
