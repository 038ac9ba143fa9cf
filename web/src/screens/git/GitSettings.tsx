import { Alert, Button, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import form from "~/ui/form/form.module.css";
import { done } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { MoveToGit, MoveVariables } from "./Move";
import { RepositoryFields } from "./RepositoryFields";
import { begun, type Settings, why } from "./settings";
import { Try } from "./Try";

// GitSettings say in which repository a project is, and move it there.
export default function GitSettings() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project} page={t("Git")}>
      {(p) =>
        p.IsVersionControlled ? <InGit key={`${p.Id} in Git`} project={p} /> : <Outside key={p.Id} project={p} />
      }
    </Read>
  );
}

// Outside is a project that is in the database so far.
function Outside({ project }: { project: Project }) {
  const mayEdit = useMay("ProjectEdit", { project: project.Id });
  const [settings, put] = useState<Settings>(begun);
  const [moving, move] = useState(false);
  const missing = why(settings);
  return (
    <Frame
      project={project}
      actions={
        mayEdit && (
          <Button disabled={Boolean(missing)} onClick={() => move(true)}>
            {t("Move to Git…")}
          </Button>
        )
      }
    >
      <Alert variant="default">
        {t(
          "In Git, each branch has a process of its own, changes are commits, and a release is made from the branch that is chosen for it. There is no way back into the database.",
        )}
      </Alert>
      <Section title={t("Repository")} actions={<Try project={project} settings={settings} />}>
        <div className={form.fields}>
          <RepositoryFields
            value={settings}
            put={(change) => put((now) => ({ ...now, ...change }))}
            readOnly={!mayEdit}
          />
        </div>
      </Section>
      <Modal opened={moving} onClose={() => move(false)} title={t("Move to Git")} size={520}>
        <MoveToGit project={project} settings={settings} onClose={() => move(false)} />
      </Modal>
    </Frame>
  );
}

// InGit is a project whose process is in its repository.
function InGit({ project }: { project: Project }) {
  const mayEdit = useMay("ProjectEdit", { project: project.Id });
  const draft = useDraft(project);
  const [moving, move] = useState(false);
  const save = useSend("put", "/api/{spaceId}/projects/{id}", {
    onDone: (saved) => {
      draft.saved(saved);
      done(t("Saved."));
    },
  });
  const settings = draft.value.PersistenceSettings;
  const variables = Boolean(settings.ConversionState?.VariablesAreInGit);
  return (
    <Frame project={project}>
      <Section title={t("Repository")} actions={<Try project={project} settings={settings} />}>
        <div className={form.fields}>
          <RepositoryFields
            value={settings}
            put={(change) =>
              draft.edit((now) => ({ ...now, PersistenceSettings: { ...now.PersistenceSettings, ...change } }))
            }
            readOnly={!mayEdit}
          />
        </div>
      </Section>
      <Section
        title={t("What is in Git")}
        actions={
          mayEdit &&
          !variables && (
            <Button variant="default" onClick={() => move(true)}>
              {t("Move variables too…")}
            </Button>
          )
        }
      >
        <Facts
          of={[
            [t("Process and settings of deployments"), t("In Git")],
            [t("Variables"), variables ? t("In Git, secrets in the database") : t("In the database")],
            [t("Runbooks"), settings.ConversionState?.RunbooksAreInGit ? t("In Git") : t("In the database")],
          ]}
        />
      </Section>
      <SaveBar
        dirty={draft.dirty}
        saving={save.isPending}
        error={save.error}
        disabled={why(settings)}
        onSave={() => save.mutate({ params: { id: project.Id }, body: draft.value })}
        onDiscard={draft.discard}
      />
      <Modal opened={moving} onClose={() => move(false)} title={t("Move variables to Git")} size={520}>
        <MoveVariables project={project} onClose={() => move(false)} />
      </Modal>
    </Frame>
  );
}

type FrameProps = { project: Project; actions?: ReactNode; children: ReactNode };

function Frame({ project, actions, children }: FrameProps) {
  const space = useSpaceId();
  return (
    <Page
      title={t("Git")}
      narrow
      crumbs={[{ label: t("Settings"), to: to.projectSettings(space, project.Slug) }, { label: t("Git") }]}
      actions={actions}
    >
      {children}
    </Page>
  );
}
