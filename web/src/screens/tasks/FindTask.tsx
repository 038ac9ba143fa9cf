import { Navigate } from "@tanstack/react-router";
import { useGet } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Read } from "~/ui/state";
import { TaskScreen } from "./TaskScreen";

// FindTask leads from an address without a space to the task in its space.
export default function FindTask() {
  const task = useGet("/api/tasks/{id}", { id: useParam("task") });
  return (
    <Read of={task} page={t("Task")}>
      {({ SpaceId, Id }) =>
        SpaceId ? <Navigate to={to.task(SpaceId, Id)} search={true as never} replace /> : <TaskScreen id={Id} />
      }
    </Read>
  );
}
