import { useState } from "react";
import { useOnBranch } from "~/api/branch";
import { request } from "~/api/client";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Read } from "~/ui/state";
import { type Branched, OfRunbook, type Runbook, RunbookTabs, useCrumbs } from "../runbooks/useRunbook";
import { ProcessEditor } from "./ProcessEditor";

// RunbookProcess is the process of one of a project's runbooks.
export default function RunbookProcess() {
  return (
    <OfRunbook
      page={t("Process")}
      inGit={(p, r, on) => <InGit key={`${r.Id} on ${on.branch}`} project={p} runbook={r} on={on} />}
    >
      {(p, r) => <Loaded key={r.Id} project={p} runbook={r} />}
    </OfRunbook>
  );
}

function InGit({ project, runbook, on }: { project: Project; runbook: Runbook; on: Branched }) {
  const document = useOnBranch("runbookProcess", project.Id, on.branch, runbook.Slug);
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  const [isPending, setPending] = useState(false);
  const crumbs = useCrumbs(project, runbook, { label: t("Process") });
  return (
    <Read of={document.query} page={t("Process")}>
      {(data) => (
        <ProcessEditor
          project={project}
          runbook
          title={t("Process")}
          crumbs={crumbs}
          above={
            <>
              <RunbookTabs project={project} runbook={runbook} />
              {on.bar}
            </>
          }
          process={data}
          mayEdit={mayEdit && !on.locked}
          branch={on.branch}
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

function Loaded({ project, runbook }: { project: Project; runbook: Runbook }) {
  const spaceId = useSpaceId();
  const id = runbook.RunbookProcessId;
  const process = useGet("/api/{spaceId}/runbookProcesses/{id}", { id });
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  const save = useSend("put", "/api/{spaceId}/runbookProcesses/{id}", { touches: ["runbooks"] });
  const crumbs = useCrumbs(project, runbook, { label: t("Process") });
  return (
    <Read of={process}>
      {(data) => (
        <ProcessEditor
          project={project}
          runbook
          title={t("Process")}
          crumbs={crumbs}
          above={<RunbookTabs project={project} runbook={runbook} />}
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
