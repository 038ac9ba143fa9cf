import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { useEditor } from "../editor";
import { Flag, Text, useProperty } from "../parts/fields";
import { listOf } from "../steps";

// Teams chooses teams into a property that lists their ids.
export function Teams({ name, label, description }: { name: string; label: string; description?: string }) {
  const [value, set] = useProperty(name);
  const { mayEdit } = useEditor();
  const teams = useGet("/api/{spaceId}/teams", {}, { query: { take: 1000, includeSystem: true } });
  return (
    <PickMany
      label={label}
      description={description}
      disabled={!mayEdit}
      choices={choicesOf(teams.data?.Items)}
      value={listOf(value)}
      onChange={(ids) => set(ids.join(","))}
    />
  );
}

// Manual is the form of steps at which a person decides.
export function Manual() {
  return (
    <>
      <Text
        name="Octopus.Action.Manual.Instructions"
        label={t("Instructions")}
        description={t("What the person should look at before going on. Markdown is shown as such.")}
        rows={5}
      />
      <Teams
        name="Octopus.Action.Manual.ResponsibleTeamIds"
        label={t("Responsible teams")}
        description={t("Only their members can decide. Without any, everybody who may deploy can.")}
      />
      <Flag
        name="Octopus.Action.Manual.BlockConcurrentDeployments"
        label={t("Let no other deployment of this project to the same place begin while this one waits")}
      />
    </>
  );
}
