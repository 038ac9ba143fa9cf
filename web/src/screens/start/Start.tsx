import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Checklist } from "./Checklist";

// Start is the setup checklist by its own address.
export default function Start() {
  const space = useSpaceId();
  return (
    <Page
      narrow
      title={t("Set up this space")}
      crumbs={[{ label: t("Dashboard"), to: to.dashboard(space) }, { label: t("Set up this space") }]}
    >
      <Checklist />
    </Page>
  );
}
