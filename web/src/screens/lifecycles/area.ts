import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/lifecycles", load: () => import("./LifecycleList"), needs: "LifecycleView" },
    { path: "/$space/library/lifecycles/$lifecycle", load: () => import("./LifecycleForm"), needs: "LifecycleView" },
  ],
});
