import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { TabLinks } from "~/ui/TabLinks";

// VariableTabs leads between the views of a project's variables.
export function VariableTabs({ project }: { project: string }) {
  const space = useSpaceId();
  const root = to.variables(space, project);
  return (
    <TabLinks
      label={t("Views of variables")}
      tabs={[
        { to: root, label: t("Project") },
        { to: `${root}/all`, label: t("All") },
        { to: `${root}/preview`, label: t("Preview") },
        { to: `${root}/library`, label: t("Library sets") },
        { to: to.projectTemplates(space, project), label: t("Project templates") },
      ]}
    />
  );
}

// LibrarySetTabs leads between the variables of a library set and the rest of it.
export function LibrarySetTabs({ id }: { id: string }) {
  const space = useSpaceId();
  return (
    <TabLinks
      label={t("Views of the set")}
      tabs={[
        { to: to.variableSet(space, id), label: t("Variables") },
        { to: to.variableSetSettings(space, id), label: t("Templates and settings") },
      ]}
    />
  );
}
