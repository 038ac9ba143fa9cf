import { SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { ExpressionInput } from "~/ui/ExpressionInput";
import { choicesOf } from "~/ui/PickMany";
import { useEditor, useFocus, useVariableNames } from "../editor";
import { isRolling, isTrue, listOf, onServer, roles, type Step, textOf } from "../steps";
import { typeOf } from "../types/registry";
import { useComplaint, useProperty, useStepProperty } from "./fields";
import classes from "./parts.module.css";

type Mode = "targets" | "forTargets" | "once";

// TargetTags chooses the tags of the machines that a step runs on.
export function TargetTags() {
  const [value, set] = useStepProperty(roles);
  const { mayEdit } = useEditor();
  const known = useGet("/api/{spaceId}/machineroles/all", {});
  return (
    <TagsInput
      size="xs"
      label={t("Target tags")}
      description={t("It runs on the deployment targets of the environment that have any of these.")}
      error={useComplaint(roles)}
      disabled={!mayEdit}
      data={(known.data as unknown as string[] | undefined) ?? []}
      value={listOf(value)}
      onChange={(tags) => set(tags.join(","))}
    />
  );
}

// Location says where the work of an action happens.
export function Location() {
  const { step, action } = useFocus();
  const { where } = typeOf(action);
  if (where === "server") return <p className="dim">{t("This step is done by the server itself.")}</p>;
  if (where === "targets") return isRolling(step) ? <ByStep step={step} /> : <TargetTags />;
  return <Anywhere />;
}

function ByStep({ step }: { step: Step }) {
  const tags = listOf(textOf(step.Properties, roles));
  if (tags.length === 0) return <p className="dim">{t("The step above it names no target tags.")}</p>;
  return <p className="dim">{t("It runs on the targets of the step above it: {tags}.", { tags: tags.join(", ") })}</p>;
}

function Anywhere() {
  const { step } = useFocus();
  const { mayEdit } = useEditor();
  const [server, setServer] = useProperty(onServer);
  const [tags, setTags] = useStepProperty(roles);
  const child = isRolling(step);
  const derived: Mode = isTrue(server) ? (tags ? "forTargets" : "once") : "targets";
  // What was chosen holds until there are tags that say the same.
  const [chosen, choose] = useState<Mode | undefined>();
  const mode = chosen ?? derived;
  const pick = (next: string) => {
    choose(next as Mode);
    setServer(next === "targets" ? "False" : "True");
    if (next === "once" && !child) setTags("");
  };
  return (
    <>
      <SegmentedControl
        aria-label={t("Where it runs")}
        size="xs"
        w="fit-content"
        disabled={!mayEdit}
        data={[
          { value: "targets", label: t("On targets") },
          { value: "forTargets", label: t("On a worker, for each target") },
          ...(child && tags ? [] : [{ value: "once", label: t("On a worker, once") }]),
        ]}
        value={mode}
        onChange={pick}
      />
      {mode !== "once" && (child ? <ByStep step={step} /> : <TargetTags />)}
      {mode !== "targets" && <WorkerPool />}
      <Container />
    </>
  );
}

function WorkerPool() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  const [byVariable, set] = useState(Boolean(action.WorkerPoolVariable));
  const error = useComplaint("WorkerPoolId", "WorkerPoolVariable");
  return (
    <div className={classes.pair}>
      {byVariable ? (
        <TextInput
          label={t("Variable that names the worker pool")}
          error={error}
          disabled={!mayEdit}
          value={action.WorkerPoolVariable}
          onChange={(e) => {
            const WorkerPoolVariable = e.currentTarget.value;
            changeAction((a) => ({ ...a, WorkerPoolVariable, WorkerPoolId: "" }));
          }}
        />
      ) : (
        <Select
          label={t("Worker pool")}
          error={error}
          disabled={!mayEdit}
          placeholder={t("The default pool")}
          clearable
          searchable
          data={choicesOf(pools.data)}
          value={action.WorkerPoolId || null}
          onChange={(id) => changeAction((a) => ({ ...a, WorkerPoolId: id ?? "", WorkerPoolVariable: "" }))}
        />
      )}
      <SegmentedControl
        aria-label={t("How the worker pool is chosen")}
        size="xs"
        w="fit-content"
        disabled={!mayEdit}
        data={[
          { value: "pool", label: t("Chosen here") },
          { value: "variable", label: t("By a variable") },
        ]}
        value={byVariable ? "variable" : "pool"}
        onChange={(v) => set(v === "variable")}
      />
    </div>
  );
}

function Container() {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const variables = useVariableNames();
  const feeds = useGet("/api/{spaceId}/feeds/all", {});
  const registries = (feeds.data ?? []).filter((f) => /docker|container|registry/i.test(f.FeedType));
  const container = action.Container ?? { FeedId: "", Image: "" };
  const image = container.Image ?? "";
  const [shown, show] = useState(image !== "");
  const put = (change: Partial<typeof container>) =>
    changeAction((a) => ({ ...a, Container: { ...a.Container, ...change } }));
  return (
    <>
      <SegmentedControl
        aria-label={t("In what it runs")}
        size="xs"
        w="fit-content"
        disabled={!mayEdit}
        data={[
          { value: "machine", label: t("On the machine itself") },
          { value: "container", label: t("In a container") },
        ]}
        value={shown ? "container" : "machine"}
        onChange={(v) => {
          show(v === "container");
          if (v === "machine" && image) put({ Image: "", FeedId: "" });
        }}
      />
      {shown && (
        <div className={classes.pair}>
          <Select
            label={t("Registry")}
            disabled={!mayEdit}
            placeholder={t("None; the image is known to the machine")}
            clearable
            data={choicesOf(registries)}
            value={container.FeedId || null}
            onChange={(id) => put({ FeedId: id ?? "" })}
          />
          <ExpressionInput
            label={t("Image")}
            placeholder="debian:13"
            disabled={!mayEdit}
            variables={variables}
            value={image}
            onChange={(Image) => put({ Image })}
          />
        </div>
      )}
    </>
  );
}
