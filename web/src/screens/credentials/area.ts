import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/gitcredentials", load: () => import("./Credentials"), needs: "GitCredentialView" },
    {
      path: "/$space/library/gitcredentials/$credential",
      load: () => import("./CredentialPage"),
      needs: "GitCredentialView",
    },
  ],
  redirects: { "/$space/infrastructure/credentials": "/$space/library/gitcredentials" },
});
