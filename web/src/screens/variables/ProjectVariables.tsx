import { SegmentedControl } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useOnBranch } from "~/api/branch";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { ErrorState, Read } from "~/ui/state";
import { BranchBar, useProtected } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import { VariableTabs } from "./Tabs";
import { VariableEditor } from "./VariableEditor";

// ProjectVariables are those of one project.
export default function ProjectVariables() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Places key={data.Id} project={data} />}</Read>;
}

// Places chooses between the variables on a branch and those that never leave
// the database, where a project has both.
function Places({ project }: { project: Project }) {
  const [secrets, show] = useState(false);
  if (!project.PersistenceSettings.ConversionState?.VariablesAreInGit) return <InDatabase project={project} />;
  const choice = (
    <SegmentedControl
      aria-label={t("Where the variables are")}
      data={[
        { value: "git", label: t("In Git") },
        { value: "secrets", label: t("Secrets") },
      ]}
      value={secrets ? "secrets" : "git"}
      onChange={(value) => show(value === "secrets")}
      mb={12}
      style={{ alignSelf: "start", width: "fit-content" }}
    />
  );
  return secrets ? <InDatabase project={project} above={choice} /> : <OnBranch project={project} above={choice} />;
}

type Props = { project: Project; above?: ReactNode };

function InDatabase({ project, above }: Props) {
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
              {above}
              {body}
            </Page>
          )}
        />
      )}
    </Read>
  );
}

function OnBranch({ project, above }: Props) {
  const [branch, choose] = useBranch(project);
  const document = useOnBranch("variables", project.Id, branch);
  const locked = useProtected(project, branch);
  const mayEdit = useMay("VariableEdit", { project: project.Id });
  const head = (
    <>
      <VariableTabs project={project.Slug} />
      {above}
      <BranchBar project={project} branch={branch} onChoose={choose} />
    </>
  );
  if (document.query.error) {
    return (
      <Page title={t("Variables")}>
        {head}
        <ErrorState error={document.query.error} onRetry={() => void document.query.refetch()} />
      </Page>
    );
  }
  return (
    <Read of={document.query} page={t("Variables")}>
      {(data) => (
        <VariableEditor
          key={branch}
          set={data}
          project={project.Id}
          label={t("Variables of {name}", { name: project.Name })}
          mayEdit={mayEdit && !locked}
          inGit={{
            branch,
            commit: (set, message) => document.commit(set as typeof data, message),
            read: document.read,
          }}
          frame={(actions, body) => (
            <Page title={t("Variables")} actions={actions}>
              {head}
              {body}
            </Page>
          )}
        />
      )}
    </Read>
  );
}
