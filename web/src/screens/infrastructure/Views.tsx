import { useSpaceId } from "~/api/query";
import { t } from "~/text/t";
import { TabLinks } from "~/ui/TabLinks";
import { places } from "./places";

// Views leads between the kinds of things that deployments run on.
export function Views() {
  const space = useSpaceId();
  return (
    <TabLinks
      label={t("Views of infrastructure")}
      tabs={[
        { to: places.overview(space), label: t("Overview") },
        { to: places.targets(space), label: t("Targets") },
        { to: places.environments(space), label: t("Environments") },
        { to: places.workers(space), label: t("Workers") },
        { to: places.pools(space), label: t("Worker pools") },
        { to: places.accounts(space), label: t("Accounts") },
        { to: places.policies(space), label: t("Machine policies") },
        { to: places.proxies(space), label: t("Proxies") },
      ]}
    />
  );
}
