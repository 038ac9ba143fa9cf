import { IconBooks } from "@tabler/icons-react";
import { area } from "~/app/area";

const packages = "/$space/library/builtinrepository";

export default area({
  screens: [
    { path: packages, load: () => import("./Packages"), needs: "FeedView" },
    { path: `${packages}/$package`, load: () => import("./PackagePage") },
  ],
  space: [{ label: "Library", path: "library", icon: IconBooks, order: 50 }],
  redirects: {
    "/$space/library": packages,
    "/$space/library/packages": packages,
    "/$space/library/builtinrepository/packages": packages,
  },
});
