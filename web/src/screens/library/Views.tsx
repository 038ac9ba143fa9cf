import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { TabLinks } from "~/ui/TabLinks";

// Views leads between what the projects of a space share.
export function Views() {
  const space = useSpaceId();
  return (
    <TabLinks
      label={t("Views of the library")}
      tabs={[
        { to: to.packages(space), label: t("Packages") },
        { to: to.variableSets(space), label: t("Variable sets") },
        { to: to.lifecycles(space), label: t("Lifecycles") },
      ]}
    />
  );
}
