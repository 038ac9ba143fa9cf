import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Read } from "~/ui/state";
import { VariableTabs } from "./Tabs";
import { VariableEditor } from "./VariableEditor";

// ProjectVariables are those of one project.
export default function ProjectVariables() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Loaded key={data.Id} project={data} />}</Read>;
}

function Loaded({ project }: { project: Project }) {
  const set = useGet("/api/{spaceId}/variables/{id}", { id: project.VariableSetId });
  const mayEdit = useMay("VariableEdit", { project: project.Id });
  return (
    <Read of={set}>
      {(data) => (
        <VariableEditor
          set={data}
          project={project.Id}
          label={t("Variables of {name}", { name: project.Name })}
          mayEdit={mayEdit}
          frame={(actions, body) => (
            <Page title={t("Variables")} actions={actions}>
              <VariableTabs project={project.Slug} />
              {body}
            </Page>
          )}
        />
      )}
    </Read>
  );
}
