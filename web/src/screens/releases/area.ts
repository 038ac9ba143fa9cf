import { IconPackages } from "@tabler/icons-react";
import { area } from "~/app/area";

const root = "/$space/projects/$project/deployments/releases";

export default area({
  screens: [
    { path: root, load: () => import("./ReleaseList"), needs: "ReleaseView" },
    { path: `${root}/create`, load: () => import("./CreateRelease"), needs: "ReleaseCreate" },
    { path: `${root}/$version`, load: () => import("./ReleasePage"), needs: "ReleaseView" },
    { path: `${root}/$version/compare`, load: () => import("./Compare"), needs: "ReleaseView" },
    { path: `${root}/$version/compare/$other`, load: () => import("./Compare"), needs: "ReleaseView" },
    { path: `${root}/$version/deployments/create`, load: () => import("./Deploy"), needs: "DeploymentCreate" },
    { path: "/$space/releases/$release", load: () => import("./FindRelease"), needs: "ReleaseView" },
  ],
  project: [{ label: "Releases", path: "deployments/releases", icon: IconPackages, order: 40, needs: "ReleaseView" }],
  redirects: { "/$space/projects/$project/releases/$version": `${root}/$version` },
});
