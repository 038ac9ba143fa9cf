import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { TabLinks } from "~/ui/TabLinks";

// VariableTabs leads between the views of a project's variables.
export function VariableTabs({ project }: { project: string }) {
  const root = to.variables(useSpaceId(), project);
  return (
    <TabLinks
      label={t("Views of variables")}
      tabs={[
        { to: root, label: t("Project") },
        { to: `${root}/all`, label: t("All") },
        { to: `${root}/preview`, label: t("Preview") },
        { to: `${root}/library`, label: t("Library sets") },
      ]}
    />
  );
}
