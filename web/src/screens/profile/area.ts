import { IconKey, IconUserCircle } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/users/me", load: () => import("./Profile") },
    { path: "/users/me/apiKeys", load: () => import("./ApiKeys") },
  ],
  system: [
    { label: "Profile", path: "users/me", icon: IconUserCircle, order: 89 },
    { label: "API keys", path: "users/me/apiKeys", icon: IconKey, order: 90 },
  ],
});
