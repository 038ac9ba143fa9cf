import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/scripts", load: () => import("./Modules"), needs: "LibraryVariableSetView" },
    { path: "/$space/library/scripts/$module", load: () => import("./ModulePage"), needs: "LibraryVariableSetView" },
  ],
});
