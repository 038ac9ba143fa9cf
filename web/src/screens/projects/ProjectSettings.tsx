import { Alert, Button, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { CloneButton } from "~/ui/form/CloneButton";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import { ConnectivityFields, GuidedField, TenancyField } from "~/ui/form/ExecutionFields";
import form from "~/ui/form/form.module.css";
import { LogoField } from "~/ui/form/Logo";
import { NameFields } from "~/ui/form/NameFields";
import { done, failed } from "~/ui/notify";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { tagChoices, useTagSets } from "../tenants/tags";
import { Versioning } from "./Versioning";

export default function ProjectSettings() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project} page={t("Settings")}>
      {(p) => <Form key={p.Id} project={p} />}
    </Read>
  );
}

function Form({ project }: { project: Project }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/projects"
      document={project}
      name={project.Name}
      add=""
      remove={[
        t("Delete project"),
        t("Its process, variables, releases, runbooks and logs are deleted with it. What is deployed stays deployed."),
      ]}
      list={{ label: t("Projects"), to: to.projects(space) }}
      place={(p) => to.projectSettings(space, p.Slug)}
      may={{ edit: "ProjectEdit", delete: "ProjectDelete", scope: { project: project.Id } }}
      touches={["dashboard", "progression", "projectgroups"]}
      why={named}
      actions={<Actions project={project} />}
    >
      {(fields) => (
        <>
          {project.IsDisabled && (
            <Alert variant="default">
              {t("This project is disabled: nothing of it is deployed or run until it is enabled again.")}
            </Alert>
          )}
          {project.IsVersionControlled && (
            <Alert variant="default">
              {t("The process and the settings of deployments are in Git: {url}.", {
                url: project.PersistenceSettings.Url ?? "",
              })}
            </Alert>
          )}
          <Section title={t("Project")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <LogoField kind="projects" id={project.Id} name={project.Name} readOnly={fields.readOnly} />
              <Placing {...fields} />
            </div>
          </Section>
          {!project.IsVersionControlled && (
            <Section title={t("Versions of releases")}>
              <Versioning {...fields} />
            </Section>
          )}
          <Section title={t("Deployments")}>
            <Deployments {...fields} />
          </Section>
          <Section title={t("Targets that are away")}>
            <div className={form.fields}>
              <ConnectivityFields
                value={fields.value.ProjectConnectivityPolicy}
                onChange={(ProjectConnectivityPolicy) => fields.put({ ProjectConnectivityPolicy })}
                readOnly={fields.readOnly}
              />
            </div>
          </Section>
          <Section title={t("Notes")}>
            <Notes {...fields} />
          </Section>
        </>
      )}
    </DocumentForm>
  );
}

// Placing says where a project belongs and which way its releases go.
function Placing({ value, put, readOnly }: Fields<Project>) {
  const groups = useGet("/api/{spaceId}/projectgroups/all", {});
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const choices = tagChoices(useTagSets("Project"));
  return (
    <>
      <TextInput
        label={t("Slug")}
        description={t("Its name in addresses and for the command line.")}
        spellCheck={false}
        disabled={readOnly}
        value={value.Slug}
        onChange={(e) => put({ Slug: e.currentTarget.value })}
      />
      <div className={form.pair}>
        <Select
          label={t("Project group")}
          searchable
          allowDeselect={false}
          disabled={readOnly}
          data={choicesOf(groups.data)}
          value={value.ProjectGroupId}
          onChange={(id) => id && put({ ProjectGroupId: id })}
        />
        <Select
          label={t("Lifecycle")}
          searchable
          allowDeselect={false}
          disabled={readOnly}
          data={choicesOf(lifecycles.data)}
          value={value.LifecycleId}
          onChange={(id) => id && put({ LifecycleId: id })}
        />
      </div>
      {(choices.length > 0 || (value.ProjectTags ?? []).length > 0) && (
        <PickMany
          label={t("Tags")}
          disabled={readOnly}
          choices={choices}
          value={value.ProjectTags}
          onChange={(ProjectTags) => put({ ProjectTags })}
        />
      )}
    </>
  );
}

function Deployments({ value, put, readOnly }: Fields<Project>) {
  const check = (
    label: string,
    member: "ForcePackageDownload" | "DefaultToSkipIfAlreadyInstalled" | "CancelQueuedTasks" | "DiscreteChannelRelease",
  ) => (
    <Checkbox
      label={label}
      disabled={readOnly}
      checked={value[member]}
      onChange={(e) => put({ [member]: e.currentTarget.checked })}
    />
  );
  return (
    <div className={form.fields}>
      <div className={form.pair}>
        <GuidedField
          value={value.DefaultGuidedFailureMode}
          onChange={(DefaultGuidedFailureMode) => put({ DefaultGuidedFailureMode })}
          readOnly={readOnly}
        />
        <TenancyField
          value={value.TenantedDeploymentMode}
          onChange={(TenantedDeploymentMode) => put({ TenantedDeploymentMode })}
          readOnly={readOnly}
        />
      </div>
      {check(t("Download packages again, even where they are already"), "ForcePackageDownload")}
      {check(t("Leave out packages that are installed already"), "DefaultToSkipIfAlreadyInstalled")}
      {check(t("A newer deployment takes the place of one that still waits in the queue"), "CancelQueuedTasks")}
      {check(t("Count releases of each channel on their own on the dashboard"), "DiscreteChannelRelease")}
    </div>
  );
}

function Notes({ value, put, readOnly }: Fields<Project>) {
  return (
    <div className={form.fields}>
      <Textarea
        label={t("What a release's notes begin with")}
        description={t("Markdown, in which variables such as #{Octopus.Release.Number} are filled in.")}
        disabled={readOnly}
        value={value.ReleaseNotesTemplate ?? ""}
        onChange={(e) => put({ ReleaseNotesTemplate: e.currentTarget.value })}
      />
      <Textarea
        label={t("How the changes of a deployment are told")}
        description={t("Empty, its releases' notes follow one another.")}
        disabled={readOnly}
        value={value.DeploymentChangesTemplate ?? ""}
        onChange={(e) => put({ DeploymentChangesTemplate: e.currentTarget.value })}
      />
    </div>
  );
}

// Actions are what is done to a project at once, without saving.
function Actions({ project }: { project: Project }) {
  const space = useSpaceId();
  const go = useGo();
  const { Description, ProjectGroupId, LifecycleId } = project;
  const clone = useSend("post", "/api/{spaceId}/projects", { onDone: (made) => go(to.project(space, made.Slug)) });
  const mayEdit = useMay("ProjectEdit", { project: project.Id });
  const mayClone = useMay("ProjectCreate");
  const save = useSend("put", "/api/{spaceId}/projects/{id}", {
    touches: ["dashboard"],
    onDone: (p) => done(p.IsDisabled ? t("The project is disabled.") : t("The project is enabled.")),
  });
  const toggle = () =>
    save.mutate(
      { params: { id: project.Id }, body: { ...project, IsDisabled: !project.IsDisabled } },
      { onError: failed },
    );
  return (
    <>
      {mayClone && (
        <CloneButton
          name={project.Name}
          gets={t("It gets the process, the variables, the channels and the runbooks, and no releases.")}
          of={clone}
          onClone={(Name) =>
            clone.mutate({ query: { clone: project.Id }, body: { Name, Description, ProjectGroupId, LifecycleId } })
          }
        />
      )}
      {mayEdit && (
        <Button variant="default" loading={save.isPending} onClick={toggle}>
          {project.IsDisabled ? t("Enable") : t("Disable")}
        </Button>
      )}
    </>
  );
}
