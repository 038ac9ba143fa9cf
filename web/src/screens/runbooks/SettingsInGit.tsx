import { Button } from "@mantine/core";
import { useState } from "react";
import { type Committed, refOf } from "~/api/branch";
import { type ApiError, errorOf } from "~/api/error";
import { useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { named } from "~/ui/form/DocumentForm";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { SettingsFields } from "./SettingsFields";
import { type Branched, type Runbook, RunbookTabs, useCrumbs } from "./useRunbook";

type SettingsProps = { project: Project; runbook: Committed<Runbook>; on: Branched };

// SettingsInGit are the settings of a runbook on a branch: saving them is a commit.
export function SettingsInGit({ project, runbook, on }: SettingsProps) {
  const draft = useDraft(runbook);
  const mayEdit = useMay("RunbookEdit", { project: project.Id }) && !on.locked;
  const [message, setMessage] = useState("");
  const [saving, setSaving] = useState(false);
  const [refused, refuse] = useState<ApiError | null>(null);
  const save = async () => {
    setSaving(true);
    refuse(null);
    try {
      draft.saved(await on.commit(draft.value, message));
      setMessage("");
      done(t("Saved."));
    } catch (thrown) {
      refuse(errorOf(thrown));
    } finally {
      setSaving(false);
    }
  };
  return (
    <Page
      narrow
      title={runbook.Name}
      crumbs={useCrumbs(project, runbook, { label: t("Settings") })}
      actions={mayEdit && <Deleting project={project} runbook={runbook} branch={on.branch} />}
    >
      <RunbookTabs project={project} runbook={runbook} />
      {on.bar}
      <SettingsFields
        value={draft.value}
        put={(change) => draft.edit((now) => ({ ...now, ...change }))}
        edit={(change) => draft.edit((now) => ({ ...now, ...change(now) }))}
        readOnly={!mayEdit}
        isNew={false}
      />
      <SaveBar
        dirty={draft.dirty}
        saving={saving}
        error={refused}
        disabled={named(draft.value)}
        onSave={() => void save()}
        onDiscard={() => {
          draft.discard();
          refuse(null);
        }}
        message={{ branch: on.branch, value: message, onChange: setMessage }}
      />
    </Page>
  );
}

function Deleting({ project, runbook, branch }: { project: Project; runbook: Runbook; branch: string }) {
  const space = useSpaceId();
  const go = useGo();
  const [asked, ask] = useState(false);
  const remove = useSend("delete", "/api/{spaceId}/projects/{id}/{gitRef}/runbooks/{runbook}", {
    touches: ["runbooks"],
    onDone: () => go(to.runbooks(space, project.Slug)),
  });
  return (
    <>
      <Button variant="outline" color="bad" onClick={() => ask(true)}>
        {t("Delete runbook…")}
      </Button>
      <Confirm
        grave
        opened={asked}
        onClose={() => ask(false)}
        title={t("Delete runbook {name}?", { name: runbook.Name })}
        action={t("Delete runbook")}
        onConfirm={() =>
          remove
            .mutateAsync({
              params: { id: project.Id, gitRef: refOf(branch), runbook: runbook.Slug },
              query: { changeDescription: t("Delete runbook {name}", { name: runbook.Name }) },
            })
            .catch(failed)
            .finally(() => ask(false))
        }
      >
        {t("It goes from branch {branch} with a commit; other branches and its runs stay.", { branch })}
      </Confirm>
    </>
  );
}
