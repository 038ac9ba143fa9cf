import { SegmentedControl, Select, Switch, TextInput } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Channel, Project } from "~/api/wire";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { Link } from "~/ui/Link";
import { choicesOf } from "~/ui/PickMany";
import { places } from "../infrastructure/places";

const ephemeral = "EphemeralEnvironment";

// Destination says where releases of a channel go: through a lifecycle, or to
// environments that come and go with branches.
export function Destination(props: Fields<Channel> & { project: Project }) {
  const { value: c, put, readOnly } = props;
  const pick = (Type: string) =>
    put({
      Type,
      ...(Type === ephemeral
        ? { LifecycleId: "" }
        : {
            ParentEnvironmentId: "",
            EphemeralEnvironmentNameTemplate: "",
            AutomaticEphemeralEnvironmentDeployments: false,
          }),
    });
  return (
    <>
      <div>
        <span id="destination" className={form.label}>
          {t("Where its releases go")}
        </span>
        <SegmentedControl
          aria-labelledby="destination"
          size="xs"
          disabled={readOnly}
          value={c.Type || "Lifecycle"}
          onChange={pick}
          data={[
            { value: "Lifecycle", label: t("A lifecycle") },
            { value: ephemeral, label: t("Ephemeral environments") },
          ]}
        />
      </div>
      {c.Type === ephemeral ? <Ephemeral {...props} /> : <Lifecycle {...props} />}
    </>
  );
}

function Lifecycle({ project, value, put, readOnly }: Fields<Channel> & { project: Project }) {
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const inherited = lifecycles.data?.find((l) => l.Id === project.LifecycleId)?.Name ?? "";
  return (
    <Select
      label={t("Lifecycle")}
      description={t("The environments that its releases go through.")}
      placeholder={t("As the project: {name}", { name: inherited })}
      searchable
      clearable
      disabled={readOnly}
      data={choicesOf(lifecycles.data)}
      value={value.LifecycleId || null}
      onChange={(id) => put({ LifecycleId: id ?? "" })}
    />
  );
}

function Ephemeral({ value, put, readOnly }: Fields<Channel>) {
  const space = useSpaceId();
  const parents = useGet("/api/{spaceId}/parentenvironments/all", {});
  return (
    <>
      <Select
        label={t("Parent environment")}
        description={t("The environments are made below it, and have its variables and targets.")}
        searchable
        allowDeselect={false}
        disabled={readOnly}
        data={choicesOf(parents.data)}
        value={value.ParentEnvironmentId || null}
        onChange={(ParentEnvironmentId) => ParentEnvironmentId && put({ ParentEnvironmentId })}
      />
      {parents.data?.length === 0 && (
        <p className="dim">
          {t("There is none yet.")} <Link to={places.parent(space, "create")}>{t("Add a parent environment")}</Link>
        </p>
      )}
      <TextInput
        label={t("Name of the environment of a release")}
        description={t("An expression, such as #{Octopus.Release.Git.BranchName}.")}
        spellCheck={false}
        disabled={readOnly}
        value={value.EphemeralEnvironmentNameTemplate ?? ""}
        onChange={(e) => put({ EphemeralEnvironmentNameTemplate: e.currentTarget.value })}
      />
      <Switch
        label={t("Deploy to it as soon as there is a release")}
        disabled={readOnly}
        checked={value.AutomaticEphemeralEnvironmentDeployments ?? false}
        onChange={(e) => put({ AutomaticEphemeralEnvironmentDeployments: e.currentTarget.checked })}
      />
    </>
  );
}
