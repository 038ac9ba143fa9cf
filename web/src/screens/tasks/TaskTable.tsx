import { useSpaceId } from "~/api/query";
import type { Task } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Link } from "~/ui/Link";
import { StatusChip } from "~/ui/StatusChip";
import { taskLook } from "~/ui/status";
import { Table } from "~/ui/Table";
import { Lasted } from "./Lasted";

type Props = {
  label: string;
  // what is what one of the rows is called.
  what: string;
  tasks: Task[];
  // nodes says at which node each was done.
  nodes?: boolean;
};

// TaskTable are tasks, each with how it stands and how long it took.
export function TaskTable({ label, what, tasks, nodes }: Props) {
  const space = useSpaceId();
  const head = [what, t("State"), t("Queued"), t("Took"), ...(nodes ? [t("Node")] : [])];
  return (
    <Table label={label} head={head} first>
      {tasks.map((task) => (
        <tr key={task.Id}>
          <th scope="row">
            <Link to={to.task(space, task.Id)}>{task.Description}</Link>
          </th>
          <td>
            <StatusChip look={taskLook(task)} />
          </td>
          <td>
            <DateTime at={task.QueueTime} />
          </td>
          <td className="dim">
            <Lasted from={task.StartTime} to={task.CompletedTime} />
          </td>
          {nodes && <td className="dim">{task.ServerNode}</td>}
        </tr>
      ))}
    </Table>
  );
}
