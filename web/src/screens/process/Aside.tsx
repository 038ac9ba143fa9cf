import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import classes from "./Aside.module.css";

// Aside tells what else has a say in a deployment.
export function Aside({ project }: { project: Project }) {
  const space = useSpaceId();
  const lifecycle = useGet("/api/{spaceId}/lifecycles/{id}/preview", { id: project.LifecycleId });
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const sets = useGet("/api/{spaceId}/libraryvariablesets/all", {});
  const name = (id: string) => environments.data?.find((e) => e.Id === id)?.Name ?? id;
  const included = (sets.data ?? []).filter((s) => (project.IncludedLibraryVariableSetIds ?? []).includes(s.Id));
  return (
    <aside className={classes.aside} aria-label={t("About this process")}>
      <section className="card">
        <h2>{t("Lifecycle")}</h2>
        <p>{lifecycle.data?.Name}</p>
        <ol>
          {(lifecycle.data?.Phases ?? []).map((phase) => {
            const ids = [...(phase.AutomaticDeploymentTargets ?? []), ...(phase.OptionalDeploymentTargets ?? [])];
            return (
              <li key={phase.Id || phase.Name}>
                {phase.Name}
                {ids.length > 0 && ids.map(name).join(", ") !== phase.Name && (
                  <span className="dim"> {ids.map(name).join(", ")}</span>
                )}
              </li>
            );
          })}
        </ol>
      </section>
      <section className="card">
        <h2>{t("Variables")}</h2>
        <p>
          <Link to={to.variables(space, project.Slug)}>{t("Of this project")}</Link>
        </p>
        {included.map((s) => (
          <p key={s.Id}>{s.Name}</p>
        ))}
      </section>
    </aside>
  );
}
