import { Select } from "@mantine/core";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { choicesOf } from "~/ui/PickMany";
import { useEditor, useFocus } from "../editor";
import { Code, Pick, useComplaint, useProperty } from "../parts/fields";
import { primary, withPrimary } from "../parts/PackageField";
import { withProperty } from "../steps";

const release = "Octopus.Action.DeployRelease";

// DeployRelease is the form of steps that deploy another project. Which release
// it is is chosen like the version of a package.
export function DeployRelease() {
  const { action, changeAction } = useFocus();
  const { project, mayEdit } = useEditor();
  const [chosen] = useProperty(`${release}.ProjectId`);
  const error = useComplaint(`${release}.ProjectId`, "Packages");
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const feeds = useGet("/api/{spaceId}/feeds/all", {});
  const feed = feeds.data?.find((f) => f.FeedType === "OctopusProject")?.Id ?? "";
  return (
    <>
      <Select
        label={t("Project")}
        description={t("Its release is chosen when a release of this project is created.")}
        searchable
        disabled={!mayEdit}
        error={error}
        allowDeselect={false}
        data={choicesOf(projects.data?.filter((p) => p.Id !== project.Id))}
        value={chosen || primary(action)?.PackageId || null}
        onChange={(id) =>
          id &&
          changeAction((a) => {
            const made = withPrimary(a, { PackageId: id, FeedId: feed });
            return { ...made, Properties: withProperty(made.Properties, `${release}.ProjectId`, id) };
          })
        }
      />
      <Pick
        name={`${release}.DeploymentCondition`}
        label={t("Deploy it")}
        otherwise="Always"
        choices={[
          { value: "Always", label: t("Always") },
          { value: "IfNotCurrentVersion", label: t("If another version is there") },
          { value: "IfNewer", label: t("If it is newer than what is there") },
        ]}
      />
      <Code
        name={`${release}.Variables`}
        label={t("Variables for it")}
        description={t("A JSON object of texts. They win over the project's own, also those it prompts for.")}
        language="Json"
        rows={4}
      />
    </>
  );
}
