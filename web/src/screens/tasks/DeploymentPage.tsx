import { useGet } from "~/api/query";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { Read } from "~/ui/state";
import { TaskScreen } from "./TaskScreen";

// DeploymentPage is the page of a deployment's task, at the deployment's own
// address.
export default function DeploymentPage() {
  const deployment = useGet("/api/{spaceId}/deployments/{id}", { id: useParam("deployment") });
  return (
    <Read of={deployment} page={t("Deployment")}>
      {(d) => <TaskScreen key={d.TaskId} id={d.TaskId} />}
    </Read>
  );
}
