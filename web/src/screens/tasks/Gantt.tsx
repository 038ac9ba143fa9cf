import type { ActivityNode } from "~/api/stream/events";
import { t } from "~/text/t";
import { StatusIcon } from "~/ui/StatusIcon";
import { stepLook } from "~/ui/status";
import classes from "./Gantt.module.css";
import { Lasted } from "./Lasted";
import { ordered } from "./log/rows";

type Props = { nodes: ActivityNode[]; onStep: (id: string) => void };

// depthOf counts the parts above a part.
function depthOf(node: ActivityNode, byId: Map<string, ActivityNode>): number {
  let depth = 0;
  for (let n = byId.get(node.Parent); n; n = byId.get(n.Parent)) depth++;
  return depth;
}

// shownOf leaves out the task itself, and the one place where a step ran when
// it says nothing more.
function shownOf(nodes: ActivityNode[]): ActivityNode[] {
  const all = ordered(nodes);
  const siblings = new Map<string, number>();
  for (const n of all) siblings.set(n.Parent, (siblings.get(n.Parent) ?? 0) + 1);
  return all.filter((n) => n.Parent && !(n.Name === "Server" && siblings.get(n.Parent) === 1));
}

// Gantt shows the parts of a task, how each ended, and when it ran.
export function Gantt({ nodes, onStep }: Props) {
  const byId = new Map(nodes.map((n) => [n.Id, n]));
  const shown = shownOf(nodes);
  const starts = shown.flatMap((n) => (n.Started ? [Date.parse(n.Started)] : []));
  const begin = Math.min(...starts);
  const runs = shown.some((n) => n.Started && !n.Ended);
  const end = Math.max(
    ...shown.flatMap((n) => (n.Ended ? [Date.parse(n.Ended)] : [])),
    ...starts,
    runs ? Date.now() : 0,
  );
  const span = Math.max(1, end - begin);
  if (shown.length === 0) return <p className="dim">{t("The steps show here once the task begins.")}</p>;
  return (
    <ol className={classes.gantt} aria-label={t("Steps")}>
      {shown.map((n) => {
        const look = stepLook(n.Status);
        const from = n.Started ? ((Date.parse(n.Started) - begin) / span) * 100 : 0;
        const to = n.Started ? (((n.Ended ? Date.parse(n.Ended) : end) - begin) / span) * 100 : 0;
        return (
          <li key={n.Id}>
            <button
              type="button"
              className={classes.name}
              style={{ paddingLeft: (depthOf(n, byId) - 1) * 20 }}
              onClick={() => onStep(n.Id)}
            >
              <StatusIcon {...look} label={look.word} />
              <span className="ellipsis">{n.Name}</span>
            </button>
            <span className={classes.track} aria-hidden="true">
              {n.Started && (
                <span
                  className={classes.bar}
                  data-tone={look.tone}
                  style={{ left: `${Math.min(from, 99.2)}%`, width: `${Math.max(0.8, to - from)}%` }}
                />
              )}
            </span>
            <span className={classes.time}>{n.ProgressMessage || <Lasted from={n.Started} to={n.Ended} />}</span>
          </li>
        );
      })}
    </ol>
  );
}
