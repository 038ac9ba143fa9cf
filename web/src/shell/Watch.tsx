import { useGet, useSpaceId } from "~/api/query";
import { useRested } from "~/app/rested";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many } from "~/text/t";
import { Link } from "~/ui/Link";
import { StatusIcon } from "~/ui/StatusIcon";
import classes from "./Shell.module.css";

// Watch says on every page how many tasks wait for somebody, and how many go on.
export function Watch() {
  const space = useSpaceId();
  const may = useMay("TaskView");
  const enabled = useRested() && may && space !== "";
  const ask = (query: Record<string, string>) => ({ query: { spaces: space, ...query, take: 1 }, enabled, keep: true });
  const waiting = useGet("/api/{spaceId}/tasks", {}, ask({ hasPendingInterruptions: "true" }));
  const going = useGet("/api/{spaceId}/tasks", {}, ask({ states: "Executing,Cancelling" }));
  const pending = waiting.data?.TotalResults ?? 0;
  const active = (going.data?.TotalResults ?? 0) - pending;
  return (
    <>
      {active > 0 && (
        <Link
          to={`${to.tasks(space)}?states=${encodeURIComponent("Queued,Executing,Cancelling")}`}
          className={classes.watch}
          data-tone="run"
          title={many(active, "1 task goes on", "{n} tasks go on")}
          aria-label={many(active, "1 task goes on", "{n} tasks go on")}
        >
          <StatusIcon tone="run" shape="arc" />
          <span className="number">{active}</span>
        </Link>
      )}
      {pending > 0 && (
        <Link
          to={`${to.tasks(space)}?hasPendingInterruptions=true`}
          className={classes.watch}
          data-tone="hold"
          title={many(pending, "1 task waits for somebody", "{n} tasks wait for somebody")}
          aria-label={many(pending, "1 task waits for somebody", "{n} tasks wait for somebody")}
        >
          <StatusIcon tone="hold" shape="bars" />
          <span className="number">{pending}</span>
        </Link>
      )}
    </>
  );
}
