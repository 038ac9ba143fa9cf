import { Navigate } from "@tanstack/react-router";
import { useGet } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { Read } from "~/ui/state";
import { TaskScreen } from "./TaskScreen";

// FindTask leads from an address without a space to the task in its space.
export default function FindTask() {
  const task = useGet("/api/tasks/{id}", { id: useParam("task") });
  return (
    <Read of={task}>
      {(t) =>
        t.SpaceId ? <Navigate to={to.task(t.SpaceId, t.Id)} search={true as never} replace /> : <TaskScreen id={t.Id} />
      }
    </Read>
  );
}
