import { request } from "~/api/client";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Read } from "~/ui/state";
import { ProcessEditor } from "./ProcessEditor";

// RunbookProcess is the process of one of a project's runbooks.
export default function RunbookProcess() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const runbook = useGet("/api/{spaceId}/runbooks/{id}", { id: useParam("runbook") });
  return (
    <Read of={project}>{(p) => <Read of={runbook}>{(r) => <Loaded key={r.Id} project={p} runbook={r} />}</Read>}</Read>
  );
}

function Loaded({ project, runbook }: { project: Project; runbook: Wire<"Runbook"> }) {
  const spaceId = useSpaceId();
  const id = runbook.RunbookProcessId;
  const process = useGet("/api/{spaceId}/runbookProcesses/{id}", { id });
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  const save = useSend("put", "/api/{spaceId}/runbookProcesses/{id}", { touches: ["runbooks"] });
  const runbooks = `/${spaceId}/projects/${encodeURIComponent(project.Slug)}/operations/runbooks`;
  return (
    <Read of={process}>
      {(data) => (
        <ProcessEditor
          project={project}
          runbook
          title={t("Process")}
          crumbs={[
            { label: t("Runbooks"), to: runbooks },
            { label: runbook.Name, to: `${runbooks}/${encodeURIComponent(runbook.Id)}/overview` },
            { label: t("Process") },
          ]}
          process={data}
          mayEdit={mayEdit}
          save={{
            send: (body) => save.mutateAsync({ params: { id }, body }),
            read: () => request("get", "/api/{spaceId}/runbookProcesses/{id}", { params: { spaceId, id } }),
            isPending: save.isPending,
          }}
        />
      )}
    </Read>
  );
}
