import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm } from "~/ui/form/DocumentForm";
import { Read } from "~/ui/state";
import { unnamed } from "../templates/Parameters";
import { VariableTabs } from "./Tabs";
import { TenantTemplates } from "./TenantTemplates";

// ProjectTemplates are the variables of a project that each tenant has values of
// its own for, in each environment.
export default function ProjectTemplates() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Form key={data.Id} project={data} />}</Read>;
}

function Form({ project }: { project: Project }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/projects"
      document={project}
      name={t("Project templates")}
      add=""
      list={{ label: t("Variables"), to: to.variables(space, project.Slug) }}
      place={(p) => to.projectTemplates(space, p.Slug)}
      may={{ edit: "ProjectEdit", scope: { project: project.Id } }}
      touches={["tenantvariables", "tenants"]}
      why={(value) => unnamed(value.Templates)}
    >
      {({ value, put, readOnly }) => (
        <>
          <VariableTabs project={project.Slug} />
          <TenantTemplates
            value={value.Templates}
            onChange={(Templates) => put({ Templates })}
            readOnly={readOnly}
            none={t(
              "None. A tenant that is connected with this project is asked for a value of each, for each of its environments.",
            )}
          />
        </>
      )}
    </DocumentForm>
  );
}
