import { area } from "~/app/area";

export default area({
  screens: [{ path: "/$space/start", load: () => import("./Start") }],
});
