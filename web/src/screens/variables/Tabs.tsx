import { useRouterState } from "@tanstack/react-router";
import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import classes from "./Tabs.module.css";

// VariableTabs leads between the views of a project's variables.
export function VariableTabs({ project }: { project: string }) {
  const root = to.variables(useSpaceId(), project);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const tabs = [
    { at: root, label: t("Project") },
    { at: `${root}/all`, label: t("All") },
    { at: `${root}/preview`, label: t("Preview") },
    { at: `${root}/library`, label: t("Library sets") },
  ];
  const end = path.split("/variables")[1] ?? "";
  return (
    <nav aria-label={t("Views of variables")} className={classes.tabs}>
      {tabs.map(({ at, label }) => (
        <Link key={at} to={at} className={classes.tab} aria-current={at === root + end ? "page" : undefined}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
