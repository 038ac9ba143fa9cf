import { IconUsers, IconUsersGroup } from "@tabler/icons-react";
import { area } from "~/app/area";

const one = "/$space/tenants/$tenant";
const tags = "/$space/library/tagsets";

export default area({
  screens: [
    { path: "/$space/tenants", load: () => import("./TenantList"), needs: "TenantView" },
    { path: `${one}/overview`, load: () => import("./TenantOverview"), needs: "TenantView" },
    { path: `${one}/variables`, load: () => import("./TenantValues"), needs: "VariableView" },
    { path: `${one}/settings`, load: () => import("./TenantSettings"), needs: "TenantView" },
    { path: "/$space/projects/$project/tenants", load: () => import("./ProjectTenants"), needs: "TenantView" },
    { path: tags, load: () => import("./TagSetList") },
    { path: `${tags}/$set`, load: () => import("./TagSetForm") },
  ],
  space: [{ label: "Tenants", path: "tenants", icon: IconUsers, order: 40, needs: "TenantView" }],
  project: [{ label: "Tenants", path: "tenants", icon: IconUsersGroup, order: 80, needs: "TenantView" }],
  redirects: {
    [one]: `${one}/overview`,
    "/$space/projects/$project/variables/tenants": "/$space/projects/$project/tenants",
  },
});
