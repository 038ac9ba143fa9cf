import { IconListCheck } from "@tabler/icons-react";
import { area } from "~/app/area";

const deployment = "/$space/projects/$project/deployments/releases/$version/deployments/$deployment";

export default area({
  screens: [
    { path: "/$space/tasks", load: () => import("./TaskList"), needs: "TaskView" },
    { path: "/$space/projects/$project/tasks", load: () => import("./TaskList"), needs: "TaskView" },
    { path: "/$space/tasks/$task", load: () => import("./TaskPage"), needs: "TaskView" },
    { path: deployment, load: () => import("./DeploymentPage"), needs: "DeploymentView" },
    { path: "/$space/deployments/$deployment", load: () => import("./FindDeployment"), needs: "DeploymentView" },
    { path: "/tasks/$task", load: () => import("./FindTask") },
  ],
  project: [{ label: "Tasks", path: "tasks", icon: IconListCheck, order: 85, needs: "TaskView" }],
  space: [{ label: "Tasks", path: "tasks", icon: IconListCheck, order: 60, needs: "TaskView" }],
});
