import { useParam } from "~/app/navigation";
import { TaskScreen } from "./TaskScreen";

export default function TaskPage() {
  const id = useParam("task");
  return <TaskScreen key={id} id={id} />;
}
