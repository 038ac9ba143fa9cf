import { Navigate } from "@tanstack/react-router";
import { useGet, useSpaceId } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Read } from "~/ui/state";

// FindDeployment leads from a deployment's id to its task.
export default function FindDeployment() {
  const space = useSpaceId();
  const deployment = useGet("/api/{spaceId}/deployments/{id}", { id: useParam("deployment") });
  return (
    <Read of={deployment} page={t("Deployment")}>
      {(d) => <Navigate to={to.task(space, d.TaskId)} search={true as never} replace />}
    </Read>
  );
}
