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
        { to: to.tagSets(space), label: t("Tag sets") },
        { to: to.builds(space), label: t("Build information") },
        { to: to.feeds(space), label: t("Feeds") },
        { to: to.stepTemplates(space), label: t("Step templates") },
        { to: to.scriptModules(space), label: t("Script modules") },
        { to: to.certificates(space), label: t("Certificates") },
        { to: to.gitCredentials(space), label: t("Git credentials") },
      ]}
    />
  );
}
