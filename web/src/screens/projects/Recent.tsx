import { useGet, useSpaceId } from "~/api/query";
import type { Project, Task } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { lasted } from "~/text/time";
import { Link } from "~/ui/Link";
import { taskLook } from "~/ui/status";
import classes from "./Recent.module.css";
import { figuresOf, heightOf, tookOf } from "./recent";

const take = 30;
const [wide, gap, high] = [6, 2, 28];

// Recent shows the latest deployments of a project as bars, oldest first: how
// long each took, and how it ended.
export default function Recent({ project }: { project: Project }) {
  const space = useSpaceId();
  const may = useMay("TaskView", { project: project.Id });
  const query = { spaces: space, project: project.Id, name: "Deploy", take };
  const tasks = useGet("/api/{spaceId}/tasks", {}, { query, enabled: may });
  const shown = (tasks.data?.Items ?? []).toReversed();
  const { succeeded, counted, usual } = figuresOf(shown);
  if (counted < 2) return null;
  const said = t("{succeeded} of the last {counted} deployments succeeded", { succeeded, counted });
  return (
    <p className={classes.line}>
      <Bars tasks={shown} label={said} />
      <Link to={to.projectTasks(space, project.Slug)} className={classes.words}>
        {said}
      </Link>
      {usual !== undefined && <span className="dim">{t("usually in {time}", { time: lasted(usual) })}</span>}
    </p>
  );
}

function Bars({ tasks, label }: { tasks: Task[]; label: string }) {
  const longest = Math.max(...tasks.map(tookOf));
  const width = tasks.length * (wide + gap) - gap;
  return (
    <svg
      className={classes.bars}
      width={width}
      height={high}
      viewBox={`0 0 ${width} ${high}`}
      role="img"
      aria-label={label}
    >
      {tasks.map((task, i) => {
        const height = Math.round(heightOf(tookOf(task), longest) * high);
        const look = taskLook(task);
        return (
          <rect
            key={task.Id}
            data-tone={look.tone}
            x={i * (wide + gap)}
            y={high - height}
            width={wide}
            height={height}
            rx={1}
          >
            <title>{`${task.Description}: ${look.word}, ${lasted(tookOf(task))}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
