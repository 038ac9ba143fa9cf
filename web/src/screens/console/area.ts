import { area } from "~/app/area";

export default area({
  screens: [{ path: "/$space/tasks/console", load: () => import("./Console"), needs: "TaskCreate" }],
  redirects: { "/$space/tasks/console/new": "/$space/tasks/console" },
});
