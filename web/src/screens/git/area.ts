import { IconGitBranch } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    {
      path: "/$space/projects/$project/settings/versioncontrol",
      load: () => import("./GitSettings"),
      needs: "ProjectView",
    },
  ],
  project: [{ label: "Git", path: "settings/versioncontrol", icon: IconGitBranch, order: 95, needs: "ProjectView" }],
});
