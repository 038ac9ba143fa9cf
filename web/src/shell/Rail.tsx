import { IconArrowLeft, IconStar } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useGet, useSpaceId } from "~/api/query";
import type { Entry } from "~/app/area";
import { projectEntries, spaceEntries, systemEntries } from "~/app/areas";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { useStarred } from "~/ui/Star";
import classes from "./Shell.module.css";

type Place = { entry: Entry; at: string; current: boolean };

function RailLink({ entry, at, current }: Place) {
  const may = useMay(entry.needs);
  const Picture = entry.icon;
  if (!may) return null;
  return (
    <li>
      <Link to={at} className={classes.entry} aria-current={current ? "page" : undefined}>
        <Picture size={18} stroke={1.7} />
        <span className="ellipsis">{t(entry.label)}</span>
      </Link>
    </li>
  );
}

// placed gives each entry its address, and marks the one that is nearest to
// where we are.
function placed(entries: Entry[], root: string, path: string): Place[] {
  const placeOf = (e: Entry) => (e.path.startsWith("/") ? e.path : e.path ? `${root}/${e.path}` : root) || "/";
  const holds = (at: string) => path === at || (at !== root && path.startsWith(`${at}/`));
  const placesOf = (e: Entry) => (e.also ? [placeOf(e), `${root}/${e.also}`] : [placeOf(e)]);
  const nearest = entries
    .flatMap(placesOf)
    .filter(holds)
    .sort((a, b) => b.length - a.length)[0];
  return entries.map((entry) => ({ entry, at: placeOf(entry), current: placesOf(entry).includes(nearest ?? "") }));
}

function ProjectHead({ space, project }: { space: string; project: string }) {
  const { data } = useGet("/api/{spaceId}/projects/{id}", { id: project });
  return (
    <div className={classes.projectHead}>
      <Link to={`/${space}/projects`} className={classes.back}>
        <IconArrowLeft size={14} aria-hidden />
        {t("Projects")}
      </Link>
      <div className={`${classes.projectName} ellipsis`}>{data?.Name ?? project}</div>
    </div>
  );
}

// Starred are the projects that somebody keeps at hand.
function Starred({ path }: { path: string }) {
  const space = useSpaceId();
  const { ids } = useStarred();
  const query = { ids: [...ids].sort().join(",") };
  const { data } = useGet("/api/{spaceId}/projects/all", {}, { query, enabled: ids.length > 0, keep: true });
  const known = ids.flatMap((id) => data?.find((p) => p.Id === id) ?? []);
  if (known.length === 0) return null;
  return (
    <section aria-label={t("Starred projects")} className={classes.starred}>
      <ul>
        {known.map((p) => (
          <li key={p.Id}>
            <Link
              to={to.project(space, p.Slug)}
              className={classes.entry}
              aria-current={path === to.project(space, p.Slug) ? "page" : undefined}
            >
              <IconStar size={18} stroke={1.7} />
              <span className="ellipsis">{p.Name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

// Rail is the menu of the place we are in: a space, a project of it, or what is
// the same for all spaces.
export function Rail() {
  const space = useSpaceId();
  const project = useParam("project");
  const path = useRouterState({ select: (s) => s.location.pathname });
  const isSystem = path.startsWith("/configuration") || path.startsWith("/users");
  const root = project ? `/${space}/projects/${project}` : isSystem ? "" : `/${space}`;
  const entries = project ? projectEntries : isSystem ? systemEntries : spaceEntries;
  return (
    <nav aria-label={project ? t("Project") : t("Main")} className={classes.nav}>
      {project && <ProjectHead space={space} project={project} />}
      {isSystem && (
        <Link to={`/${space}`} className={classes.back}>
          <IconArrowLeft size={14} aria-hidden />
          {t("Back to the space")}
        </Link>
      )}
      <ul>
        {placed(entries, root, path).map((place) => (
          <RailLink key={place.at} {...place} />
        ))}
      </ul>
      {!project && !isSystem && space && <Starred path={path} />}
    </nav>
  );
}
