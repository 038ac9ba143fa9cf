import { Button, Modal, Select, TextInput } from "@mantine/core";
import { IconGitBranch, IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import classes from "./git.module.css";

type Branch = Wire<"GitReferenceInApi">;

// useBranches are those of a project's repository that have a word in their
// name; the one that is chosen is among them.
function useBranches(project: Project, chosen: string, word: string) {
  const id = project.Id;
  const found = useGet(
    "/api/{spaceId}/projects/{id}/git/branches",
    { id },
    { query: { take: 100, searchByName: word || undefined }, keep: true },
  );
  const current = useGet("/api/{spaceId}/projects/{id}/git/branches/{name}", { id, name: chosen });
  const items = found.data?.Items ?? [];
  const here = current.data;
  const all = here && !items.some((b) => b.Name === here.Name) ? [here, ...items] : items;
  return { all, here, error: found.error ?? current.error };
}

type ChoiceProps = {
  project: Project;
  branch: string;
  onChoose: (branch: string) => void;
  label: string;
  description?: string;
};

// BranchChoice chooses one of the branches of a project.
export function BranchChoice({ project, branch, onChoose, label, description }: ChoiceProps) {
  const [word, setWord] = useState("");
  const { all, error } = useBranches(project, branch, word === branch ? "" : word);
  const names = new Set([branch, ...all.map((b) => b.Name)]);
  return (
    <Select
      label={label}
      description={description}
      error={error?.message}
      maw={360}
      searchable
      allowDeselect={false}
      leftSection={<IconGitBranch size={15} />}
      data={[...names]}
      value={branch}
      onSearchChange={setWord}
      onChange={(next) => next && onChoose(next)}
    />
  );
}

type BarProps = { project: Project; branch: string; onChoose: (branch: string) => void };

// BranchBar says above an editor which branch it shows, and leads to others.
export function BranchBar({ project, branch, onChoose }: BarProps) {
  const protects = useProtected(project, branch);
  const mayAdd = useMay("ProjectEdit", { project: project.Id });
  const [adding, add] = useState(false);
  return (
    <div className={classes.bar}>
      <BranchChoice project={project} branch={branch} onChoose={onChoose} label={t("Branch")} />
      {mayAdd && (
        <Button variant="default" onClick={() => add(true)}>
          {t("New branch…")}
        </Button>
      )}
      {protects && (
        <span className={classes.locked}>
          <IconLock size={15} aria-hidden /> {t("Protected: changes are made on another branch.")}
        </span>
      )}
      <Modal opened={adding} onClose={() => add(false)} title={t("New branch")}>
        <NewBranch
          project={project}
          from={branch}
          onClose={() => add(false)}
          onMade={(made) => {
            add(false);
            onChoose(made.Name);
          }}
        />
      </Modal>
    </div>
  );
}

// useProtected says whether a branch takes no commits from here.
export function useProtected(project: Project, name: string): boolean {
  const branch = useGet("/api/{spaceId}/projects/{id}/git/branches/{name}", { id: project.Id, name });
  return Boolean(branch.data?.IsProtected);
}

type NewProps = { project: Project; from: string; onClose: () => void; onMade: (branch: Branch) => void };

function NewBranch({ project, from, onClose, onMade }: NewProps) {
  const [name, setName] = useState("");
  const make = useSend("post", "/api/{spaceId}/projects/{id}/git/branches/v2", {
    touches: ["git/branches"],
    onDone: onMade,
  });
  return (
    <DialogForm
      of={make}
      action={t("Make branch")}
      ready={Boolean(name.trim())}
      onClose={onClose}
      onSubmit={() =>
        make.mutate({ params: { id: project.Id }, body: { NewBranchName: name.trim(), BaseGitRef: from } })
      }
    >
      <TextInput
        label={t("Name")}
        description={t("It begins as branch {from} is now.", { from })}
        required
        withAsterisk={false}
        data-autofocus
        spellCheck={false}
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
    </DialogForm>
  );
}
