import { useState } from "react";
import { useOnBranch } from "~/api/branch";
import { request } from "~/api/client";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { ErrorState, Read } from "~/ui/state";
import { BranchBar, useProtected } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import { Aside } from "./Aside";
import { ProcessEditor } from "./ProcessEditor";

// DeploymentProcess is the process of a project.
export default function DeploymentProcess() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project}>
      {(data) =>
        data.IsVersionControlled ? <InGit key={data.Id} project={data} /> : <Loaded key={data.Id} project={data} />
      }
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

function InGit({ project }: { project: Project }) {
  const [branch, choose] = useBranch(project);
  const document = useOnBranch("process", project.Id, branch);
  const locked = useProtected(project, branch);
  const mayEdit = useMay("ProcessEdit", { project: project.Id });
  const [isPending, setPending] = useState(false);
  const bar = <BranchBar project={project} branch={branch} onChoose={choose} />;
  if (document.query.error) {
    return (
      <Page title={t("Process")}>
        {bar}
        <ErrorState error={document.query.error} onRetry={() => void document.query.refetch()} />
      </Page>
    );
  }
  return (
    <Read of={document.query} page={t("Process")}>
      {(data) => (
        <ProcessEditor
          key={branch}
          project={project}
          runbook={false}
          title={t("Process")}
          above={bar}
          process={data}
          mayEdit={mayEdit && !locked}
          aside={<Aside project={project} />}
          branch={branch}
          save={{
            send: async (body, message) => {
              setPending(true);
              return document.commit(body, message).finally(() => setPending(false));
            },
            read: document.read,
            isPending,
          }}
        />
      )}
    </Read>
  );
}
