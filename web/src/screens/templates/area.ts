import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/steptemplates", load: () => import("./Templates"), needs: "ActionTemplateView" },
    {
      path: "/$space/library/steptemplates/community",
      load: () => import("./Community"),
      needs: "ActionTemplateView",
    },
    {
      path: "/$space/library/steptemplates/$template",
      load: () => import("./TemplatePage"),
      needs: "ActionTemplateView",
    },
  ],
});
