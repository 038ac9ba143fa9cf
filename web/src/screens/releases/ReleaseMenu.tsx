import { ActionIcon, Menu, Modal, Textarea } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { useSend, useSpaceId } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DialogForm } from "~/ui/form/DialogForm";
import { done, failed } from "~/ui/notify";

type Props = { project: Project; release: Release };
type Open = "" | "notes" | "block" | "variables" | "delete";

export function ReleaseMenu({ project, release }: Props) {
  const [open, setOpen] = useState<Open>("");
  const scope = { project: project.Id };
  const mayEdit = useMay("ReleaseEdit", scope);
  const mayBlock = useMay("DefectReport", scope);
  const mayDelete = useMay("ReleaseDelete", scope);
  if (!mayEdit && !mayBlock && !mayDelete) return null;
  const close = () => setOpen("");
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("More actions")}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {mayEdit && <Menu.Item onClick={() => setOpen("notes")}>{t("Edit the notes…")}</Menu.Item>}
          {mayEdit && <Menu.Item onClick={() => setOpen("variables")}>{t("Update variables…")}</Menu.Item>}
          {mayBlock && <Menu.Item onClick={() => setOpen("block")}>{t("Block it from going further…")}</Menu.Item>}
          {mayDelete && (
            <Menu.Item color="bad" onClick={() => setOpen("delete")}>
              {t("Delete…")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <NotesDialog release={release} opened={open === "notes"} onClose={close} />
      <BlockDialog release={release} opened={open === "block"} onClose={close} />
      <VariablesDialog release={release} opened={open === "variables"} onClose={close} />
      <DeleteDialog project={project} release={release} opened={open === "delete"} onClose={close} />
    </>
  );
}

type DialogProps = { release: Release; opened: boolean; onClose: () => void };

function NotesDialog({ release, opened, onClose }: DialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={t("Notes of {version}", { version: release.Version })} size={680}>
      <NotesForm release={release} onClose={onClose} />
    </Modal>
  );
}

function NotesForm({ release, onClose }: Omit<DialogProps, "opened">) {
  const [notes, setNotes] = useState(release.ReleaseNotes ?? "");
  const save = useSend("put", "/api/{spaceId}/releases/{id}", { onDone: onClose, touches: ["projects"] });
  const submit = () => {
    save.mutate({ params: { id: release.Id }, body: { ...release, ReleaseNotes: notes } });
  };
  return (
    <DialogForm of={save} action={t("Save")} onSubmit={submit} onClose={onClose}>
      <Textarea
        label={t("Notes, in Markdown")}
        minRows={8}
        data-autofocus
        value={notes}
        onChange={(e) => setNotes(e.currentTarget.value)}
      />
    </DialogForm>
  );
}

function BlockDialog({ release, opened, onClose }: DialogProps) {
  const [why, setWhy] = useState("");
  const report = useSend("post", "/api/{spaceId}/releases/{id}/defects", { onDone: onClose, touches: ["progression"] });
  const submit = () => {
    report.mutate({ params: { id: release.Id }, body: { Description: why } });
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t("Block {version}", { version: release.Version })}>
      <DialogForm
        of={report}
        action={t("Block this release")}
        ready={Boolean(why.trim())}
        onSubmit={submit}
        onClose={onClose}
      >
        <Textarea
          label={t("What is wrong with it")}
          description={t("It can still be deployed again where it is, but to no further environment.")}
          required
          withAsterisk={false}
          data-autofocus
          value={why}
          onChange={(e) => setWhy(e.currentTarget.value)}
        />
      </DialogForm>
    </Modal>
  );
}

function VariablesDialog({ release, opened, onClose }: DialogProps) {
  const snapshot = useSend("post", "/api/{spaceId}/releases/{id}/snapshot-variables", {
    onDone: () => done(t("Release {version} has the variables as they are now.", { version: release.Version })),
  });
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={t("Update the variables of {version}?", { version: release.Version })}
      action={t("Update variables")}
      onConfirm={() =>
        snapshot
          .mutateAsync({ params: { id: release.Id } })
          .catch(failed)
          .finally(onClose)
      }
    >
      {t("The next deployments of this release use the variables as they are now, not as they were when it was made.")}
    </Confirm>
  );
}

function DeleteDialog({ project, release, opened, onClose }: DialogProps & { project: Project }) {
  const space = useSpaceId();
  const go = useGo();
  const remove = useSend("delete", "/api/{spaceId}/releases/{id}", { touches: ["projects", "dashboard"] });
  const confirm = () =>
    remove
      .mutateAsync({ params: { id: release.Id } })
      .then(() => go(to.releases(space, project.Slug)))
      .catch((thrown) => {
        failed(thrown);
        onClose();
      });
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      grave
      title={t("Delete release {version}?", { version: release.Version })}
      action={t("Delete release {version}", { version: release.Version })}
      onConfirm={confirm}
    >
      {t("Its deployments and their logs are deleted with it. What is installed stays installed.")}
    </Confirm>
  );
}
