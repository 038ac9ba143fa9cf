import { useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Link } from "~/ui/Link";
import { rowKeys } from "~/ui/rows";
import { StatusChip } from "~/ui/StatusChip";
import { taskLook } from "~/ui/status";
import classes from "./Matrix.module.css";
import type { Cell, Group, Row } from "./matrix";

type Props = { groups: Group[]; environments: Wire<"Item">[] };

// Matrix shows which release of which project is in which environment.
export function Matrix({ groups, environments }: Props) {
  return (
    <section
      className={`${classes.frame} sideways`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={t("Releases by project and environment")}
      onKeyDown={rowKeys}
    >
      <table className={classes.matrix}>
        <thead>
          <tr>
            <th scope="col">{t("Project")}</th>
            {environments.map((e) => (
              <th key={e.Id} scope="col">
                {e.Name}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group.id}>
            <tr>
              <th scope="rowgroup" colSpan={environments.length + 1} className={classes.group}>
                <span>{group.name}</span>
              </th>
            </tr>
            {group.rows.map((row) => (
              <MatrixRow key={row.project.Id} row={row} environments={environments} />
            ))}
          </tbody>
        ))}
      </table>
    </section>
  );
}

function MatrixRow({ row, environments }: { row: Row; environments: Wire<"Item">[] }) {
  const space = useSpaceId();
  const { project, cells } = row;
  return (
    <tr>
      <th scope="row" className={classes.project}>
        <Link to={to.project(space, project.Slug)}>{project.Name}</Link>
        {project.IsDisabled && <span className="dim"> {t("disabled")}</span>}
      </th>
      {environments.map((e) => {
        const cell = cells.get(e.Id);
        return <td key={e.Id}>{cell ? <MatrixCell cell={cell} slug={project.Slug} /> : <Absent />}</td>;
      })}
    </tr>
  );
}

function Absent() {
  return (
    <span className="dim" role="img" aria-label={t("nothing deployed")}>
      —
    </span>
  );
}

function MatrixCell({ cell: { item, count }, slug }: { cell: Cell; slug: string }) {
  const space = useSpaceId();
  return (
    <span className={classes.cell}>
      <Link to={to.deployment(space, slug, item.ReleaseVersion, item.DeploymentId)} className={classes.chip}>
        <StatusChip look={taskLook(item)}>{item.ReleaseVersion}</StatusChip>
      </Link>
      {count > 1 ? (
        <span className={`dim ${classes.when}`}>{many(count, "{n} tenant", "{n} tenants")}</span>
      ) : (
        <DateTime at={item.CompletedTime ?? item.StartTime ?? item.QueueTime} className={`dim ${classes.when}`} />
      )}
    </span>
  );
}
