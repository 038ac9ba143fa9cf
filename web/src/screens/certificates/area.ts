import { area } from "~/app/area";

export default area({
  screens: [
    { path: "/$space/library/certificates", load: () => import("./Certificates"), needs: "CertificateView" },
    {
      path: "/$space/library/certificates/$certificate",
      load: () => import("./CertificatePage"),
      needs: "CertificateView",
    },
  ],
});
