import { IconShieldLock, IconUser, IconUserCheck, IconUsersGroup } from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/configuration/users", load: () => import("./Users"), needs: "UserView" },
    { path: "/configuration/users/$user", load: () => import("./UserPage") },
    { path: "/configuration/teams", load: () => import("./Teams"), needs: "TeamView" },
    { path: "/configuration/teams/$team", load: () => import("./TeamPage"), needs: "TeamView" },
    { path: "/configuration/roles", load: () => import("./Roles"), needs: "UserRoleView" },
    { path: "/configuration/roles/$role", load: () => import("./RolePage"), needs: "UserRoleView" },
    { path: "/users/register", load: () => import("./Registered") },
    { path: "/configuration/permissions", load: () => import("./Permissions") },
  ],
  system: [
    { label: "Users", path: "configuration/users", icon: IconUser, order: 20, needs: "UserView" },
    { label: "Teams", path: "configuration/teams", icon: IconUsersGroup, order: 21, needs: "TeamView" },
    { label: "Roles", path: "configuration/roles", icon: IconShieldLock, order: 22, needs: "UserRoleView" },
    { label: "Who may do what", path: "configuration/permissions", icon: IconUserCheck, order: 23 },
  ],
});
