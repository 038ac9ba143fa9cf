import { useGet } from "~/api/query";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { Read } from "~/ui/state";
import { TaskScreen } from "../tasks/TaskScreen";

// RunTask is the page of a run's task, at the run's own address.
export default function RunTask() {
  const run = useGet("/api/{spaceId}/runbookRuns/{id}", { id: useParam("run") });
  return (
    <Read of={run} page={t("Run")}>
      {(r) => <TaskScreen key={r.TaskId} id={r.TaskId} />}
    </Read>
  );
}
