import { Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSend } from "~/api/query";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import { done } from "~/ui/notify";
import type { Settings } from "./settings";

type MoveProps = { project: Project; settings: Settings; onClose: () => void };

// MoveToGit asks what moving a project needs to be told beside its settings.
export function MoveToGit({ project, settings, onClose }: MoveProps) {
  const [message, setMessage] = useState(t("Move {name} to Git", { name: project.Name }));
  const [branch, setBranch] = useState("");
  const [keep, setKeep] = useState(false);
  const move = useSend("post", "/api/{spaceId}/projects/{id}/git/convert", {
    onDone: ({ Messages }) => {
      onClose();
      done([t("The project is in Git."), ...(Messages ?? [])].join(" "));
    },
  });
  return (
    <DialogForm
      of={move}
      action={t("Move to Git")}
      ready={Boolean(message.trim()) && (!settings.ProtectedDefaultBranch || Boolean(branch.trim()))}
      onClose={onClose}
      onSubmit={() =>
        move.mutate({
          params: { id: project.Id },
          body: {
            VersionControlSettings: settings,
            CommitMessage: message,
            InitialCommitBranchName: settings.ProtectedDefaultBranch ? branch : "",
            KeepVariablesInDatabase: keep,
          },
        })
      }
    >
      <Message value={message} onChange={setMessage} />
      {settings.ProtectedDefaultBranch && (
        <TextInput
          label={t("Branch of the first commit")}
          description={t("{branch} is protected: merge this one into it afterwards.", {
            branch: settings.DefaultBranch,
          })}
          required
          withAsterisk={false}
          spellCheck={false}
          value={branch}
          onChange={(e) => setBranch(e.currentTarget.value)}
        />
      )}
      <Checkbox
        label={t("Leave the variables in the database")}
        description={t("They can be moved later. Secrets stay in the database either way.")}
        checked={keep}
        onChange={(e) => setKeep(e.currentTarget.checked)}
      />
    </DialogForm>
  );
}

// MoveVariables moves the variables of a project after the rest of it.
export function MoveVariables({ project, onClose }: { project: Project; onClose: () => void }) {
  const [message, setMessage] = useState(t("Move the variables of {name} to Git", { name: project.Name }));
  const [branch, setBranch] = useState(project.PersistenceSettings.DefaultBranch ?? "");
  const move = useSend("post", "/api/{spaceId}/projects/{id}/git/migrate-variables", {
    touches: ["variables"],
    onDone: ({ Messages }) => {
      onClose();
      done([t("The variables are in Git."), ...(Messages ?? [])].join(" "));
    },
  });
  return (
    <DialogForm
      of={move}
      action={t("Move variables")}
      ready={Boolean(message.trim() && branch.trim())}
      onClose={onClose}
      onSubmit={() =>
        move.mutate({ params: { id: project.Id }, body: { Branch: branch.trim(), CommitMessage: message } })
      }
    >
      <Message value={message} onChange={setMessage} />
      <TextInput
        label={t("Branch")}
        description={t("Other branches have none until this one is merged into them.")}
        required
        withAsterisk={false}
        spellCheck={false}
        value={branch}
        onChange={(e) => setBranch(e.currentTarget.value)}
      />
    </DialogForm>
  );
}

function Message({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <TextInput
      label={t("Commit message")}
      required
      withAsterisk={false}
      data-autofocus
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}
