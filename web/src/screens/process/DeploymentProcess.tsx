import { IconGitBranch } from "@tabler/icons-react";
import { request } from "~/api/client";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Aside } from "./Aside";
import { ProcessEditor } from "./ProcessEditor";

// DeploymentProcess is the process of a project.
export default function DeploymentProcess() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project}>
      {(data) => (data.IsVersionControlled ? <InGit /> : <Loaded key={data.Id} project={data} />)}
    </Read>
  );
}

function Loaded({ project }: { project: Project }) {
  const spaceId = useSpaceId();
  const id = project.DeploymentProcessId;
  const process = useGet("/api/{spaceId}/deploymentprocesses/{id}", { id });
  const mayEdit = useMay("ProcessEdit", { project: project.Id });
  const save = useSend("put", "/api/{spaceId}/deploymentprocesses/{id}", { touches: ["projects"] });
  return (
    <Read of={process}>
      {(data) => (
        <ProcessEditor
          project={project}
          runbook={false}
          title={t("Process")}
          process={data}
          mayEdit={mayEdit}
          aside={<Aside project={project} />}
          save={{
            send: (body) => save.mutateAsync({ params: { id }, body }),
            read: () => request("get", "/api/{spaceId}/deploymentprocesses/{id}", { params: { spaceId, id } }),
            isPending: save.isPending,
          }}
        />
      )}
    </Read>
  );
}

function InGit() {
  return (
    <Page title={t("Process")}>
      <EmptyState
        icon={IconGitBranch}
        title={t("The process of this project is in its Git repository.")}
        hint={t("Change it there, on a branch, as OCL. Releases are made from the branch that is chosen for them.")}
      />
    </Page>
  );
}
