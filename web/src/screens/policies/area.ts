import { area } from "~/app/area";

const policies = "/$space/infrastructure/machinepolicies";
const proxies = "/$space/infrastructure/proxies";

export default area({
  screens: [
    { path: policies, load: () => import("./Policies"), needs: "MachinePolicyView" },
    { path: `${policies}/$policy`, load: () => import("./PolicyPage"), needs: "MachinePolicyView" },
    { path: proxies, load: () => import("./Proxies"), needs: "ProxyView" },
    { path: `${proxies}/$proxy`, load: () => import("./ProxyPage"), needs: "ProxyView" },
  ],
});
