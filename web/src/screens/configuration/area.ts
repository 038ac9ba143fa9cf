import {
  IconAdjustments,
  IconArchive,
  IconFileText,
  IconGauge,
  IconHistory,
  IconInfoCircle,
  IconMail,
  IconServerCog,
  IconSettings,
  IconShield,
  IconTool,
} from "@tabler/icons-react";
import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/configuration/about", load: () => import("./About") },
    { path: "/configuration/logs", load: () => import("./Logs"), needs: "AdministerSystem" },
    { path: "/configuration/nodes", load: () => import("./Nodes"), needs: "AdministerSystem" },
    { path: "/configuration/maintenance", load: () => import("./Maintenance"), needs: "ConfigureServer" },
    { path: "/configuration/features", load: () => import("./Features") },
    { path: "/configuration/smtp", load: () => import("./Mail"), needs: "ConfigureServer" },
    { path: "/configuration/ratelimits", load: () => import("./RateLimits"), needs: "ConfigureServer" },
    { path: "/configuration/webportal", load: () => import("./WebPortal"), needs: "ConfigureServer" },
    { path: "/configuration/retention", load: () => import("./Retention"), needs: "LifecycleView" },
  ],
  space: [{ label: "Configuration", path: "/configuration/about", icon: IconSettings, order: 90 }],
  system: [
    { label: "Nodes", path: "configuration/nodes", icon: IconServerCog, order: 40, needs: "AdministerSystem" },
    { label: "Maintenance", path: "configuration/maintenance", icon: IconTool, order: 41, needs: "ConfigureServer" },
    { label: "Features", path: "configuration/features", icon: IconAdjustments, order: 42, needs: "ConfigureServer" },
    { label: "Mail", path: "configuration/smtp", icon: IconMail, order: 43, needs: "ConfigureServer" },
    { label: "Retention", path: "configuration/retention", icon: IconArchive, order: 44, needs: "LifecycleView" },
    { label: "Rate limits", path: "configuration/ratelimits", icon: IconGauge, order: 45, needs: "ConfigureServer" },
    { label: "Web portal", path: "configuration/webportal", icon: IconShield, order: 46, needs: "ConfigureServer" },
    { label: "Audit", path: "configuration/audit", icon: IconHistory, order: 50, needs: "EventView" },
    { label: "Server log", path: "configuration/logs", icon: IconFileText, order: 51, needs: "AdministerSystem" },
    { label: "About", path: "configuration/about", icon: IconInfoCircle, order: 80 },
  ],
  redirects: {
    "/configuration": "/configuration/about",
    "/configuration/diagnostics": "/configuration/about",
    "/configuration/license": "/configuration/about",
    "/configuration/settings": "/configuration/features",
  },
});
