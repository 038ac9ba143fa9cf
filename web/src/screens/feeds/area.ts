import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/feeds", load: () => import("./Feeds"), needs: "FeedView" },
    { path: "/$space/library/feeds/$feed", load: () => import("./FeedPage"), needs: "FeedView" },
  ],
});
