import { IconBell } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/configuration/subscriptions", load: () => import("./Subscriptions"), needs: "SubscriptionView" },
    {
      path: "/configuration/subscriptions/$subscription",
      load: () => import("./SubscriptionPage"),
      needs: "SubscriptionView",
    },
  ],
  system: [
    {
      label: "Subscriptions",
      path: "configuration/subscriptions",
      icon: IconBell,
      order: 31,
      needs: "SubscriptionView",
    },
  ],
});
