import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Read } from "~/ui/state";

type Choice = Wire<"BoardConfiguration">;
type Props = { onClose: () => void; onSaved: () => void };

// Choose is the dialog in which somebody says what is on the dashboard of this
// space, for themselves.
export default function Choose(props: Props) {
  const choice = useGet("/api/{spaceId}/dashboardconfiguration", {});
  return (
    <Modal opened onClose={props.onClose} title={t("What your dashboard shows")}>
      <Read of={choice}>{(data) => <Form {...props} choice={data} />}</Read>
    </Modal>
  );
}

function Form({ choice, onClose, onSaved }: Props & { choice: Choice }) {
  const [value, set] = useState(choice);
  const put = (change: Partial<Choice>) => set({ ...value, ...change });
  const groups = useGet("/api/{spaceId}/projectgroups/all", {});
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const save = useSend("put", "/api/{spaceId}/dashboardconfiguration", {
    touches: ["dashboard"],
    onDone: () => {
      onSaved();
      onClose();
    },
  });
  const none = { IncludedProjectGroupIds: [], IncludedProjectIds: [], IncludedEnvironmentIds: [] };
  const isEmpty = Object.keys(none).every((key) => (value[key as keyof typeof none] ?? []).length === 0);
  return (
    <DialogForm of={save} action={t("Save")} onSubmit={() => save.mutate({ body: value })} onClose={onClose}>
      <p className="dim">{t("Only you see it so. What is left empty shows all.")}</p>
      <PickMany
        label={t("Project groups")}
        placeholder={t("All groups")}
        choices={choicesOf(groups.data)}
        value={value.IncludedProjectGroupIds}
        onChange={(IncludedProjectGroupIds) => put({ IncludedProjectGroupIds })}
      />
      <PickMany
        label={t("Projects")}
        description={t("They show beside those of the groups.")}
        placeholder={(value.IncludedProjectGroupIds ?? []).length > 0 ? t("No others") : t("All projects")}
        choices={choicesOf(projects.data)}
        value={value.IncludedProjectIds}
        onChange={(IncludedProjectIds) => put({ IncludedProjectIds })}
      />
      <PickMany
        label={t("Environments")}
        placeholder={t("All environments")}
        choices={choicesOf(environments.data)}
        value={value.IncludedEnvironmentIds}
        onChange={(IncludedEnvironmentIds) => put({ IncludedEnvironmentIds })}
      />
      {!isEmpty && (
        <Button variant="default" style={{ alignSelf: "start" }} onClick={() => put(none)}>
          {t("Choose nothing, show all")}
        </Button>
      )}
    </DialogForm>
  );
}
