import { IconGitFork } from "@tabler/icons-react";
import { area } from "~/app/area";

const at = "/$space/projects/$project/deployments/channels";

export default area({
  screens: [
    { path: at, load: () => import("./ChannelList"), needs: "ProcessView" },
    { path: `${at}/create`, load: () => import("./ChannelForm"), needs: "ProcessEdit" },
    { path: `${at}/edit/$channel`, load: () => import("./ChannelForm"), needs: "ProcessView" },
    {
      path: "/$space/projects/$project/ephemeral-environments",
      load: () => import("./Ephemeral"),
      needs: "EnvironmentView",
    },
  ],
  project: [
    {
      label: "Channels",
      path: "deployments/channels",
      also: "ephemeral-environments",
      icon: IconGitFork,
      order: 50,
      needs: "ProcessView",
    },
  ],
  redirects: { "/$space/projects/$project/channels": at },
});
