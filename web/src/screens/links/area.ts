// Addresses of other programs and old bookmarks that have no screen of ours.
import { area } from "~/app/area";

const project = "/$space/projects/$project";

export default area({
  screens: [],
  redirects: {
    "/$space/dashboard": "/$space",
    [`${project}/variables/common`]: `${project}/tenants`,
    [`${project}/settings/deployments`]: `${project}/settings`,
    "/users/sign-in": "/",
    "/users/me/preferences": "/users/me",
  },
});
