import { IconKey } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [{ path: "/users/me/apiKeys", load: () => import("./ApiKeys") }],
  system: [{ label: "API keys", path: "users/me/apiKeys", icon: IconKey, order: 90 }],
  redirects: { "/users/me": "/users/me/apiKeys" },
});
