import { useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import { SettingsFields } from "./SettingsFields";
import { SettingsInGit } from "./SettingsInGit";
import { OfRunbook, type Runbook, RunbookTabs } from "./useRunbook";

export default function RunbookSettings() {
  return (
    <OfRunbook
      page={t("Settings")}
      inGit={(p, r, on) => <SettingsInGit key={`${r.Id} on ${on.branch}`} project={p} runbook={r} on={on} />}
    >
      {(p, r) => <Form key={r.Id} project={p} runbook={r} />}
    </OfRunbook>
  );
}

function Form({ project, runbook }: { project: Project; runbook: Runbook }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/runbooks"
      document={runbook}
      name={runbook.Name}
      add=""
      remove={[t("Delete runbook"), t("Its snapshots and runs, and their logs, are deleted with it.")]}
      list={{ label: t("Runbooks"), to: to.runbooks(space, project.Slug) }}
      place={(r) => to.runbookSettings(space, project.Slug, r.Slug)}
      may={{ edit: "RunbookEdit", scope: { project: project.Id } }}
      touches={["projects", "progression", "runbookruns"]}
      why={named}
    >
      {(fields) => (
        <>
          <RunbookTabs project={project} runbook={runbook} />
          <SettingsFields {...fields} />
        </>
      )}
    </DocumentForm>
  );
}
