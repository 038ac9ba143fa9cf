import { area } from "~/app/area";

const list = "/$space/library/buildinformation";

export default area({
  screens: [
    { path: list, load: () => import("./BuildList"), needs: "FeedView" },
    { path: `${list}/$build`, load: () => import("./BuildPage"), needs: "FeedView" },
  ],
});
