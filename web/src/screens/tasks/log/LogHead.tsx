import { many } from "~/text/t";
import { StatusIcon } from "~/ui/StatusIcon";
import { stepLook } from "~/ui/status";
import { Lasted } from "../Lasted";
import classes from "./Log.module.css";
import type { Row } from "./rows";

type Props = { row: Extract<Row, { kind: "head" }>; onToggle: () => void };

// LogHead stands above the lines of a part of the task, and folds them.
export function LogHead({ row, onToggle }: Props) {
  const look = stepLook(row.node.Status);
  return (
    <div className={classes.head}>
      <button type="button" aria-expanded={!row.folded} onClick={onToggle}>
        <span className={classes.arrow} data-folded={row.folded || undefined} aria-hidden="true">
          ▾
        </span>
        <StatusIcon {...look} label={look.word} />
        <span className="ellipsis">{row.title}</span>
      </button>
      <span className={classes.amount}>
        {many(row.lines, "{n} line", "{n} lines")} · <Lasted from={row.node.Started} to={row.node.Ended} />
      </span>
    </div>
  );
}
