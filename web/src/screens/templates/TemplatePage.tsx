import { Select } from "@mantine/core";
import { useMemo } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { EditorContext, FocusContext } from "../process/editor";
import type { Action, Step } from "../process/steps";
import { newOf, typeOf } from "../process/types/registry";
import { Parameters, unnamed } from "./Parameters";
import { TemplateUses } from "./TemplateUses";
import { Versions } from "./Versions";

type Template = Wire<"ActionTemplate">;

const blank = {
  Id: "",
  Name: "",
  Description: "",
  ActionType: "Octopus.Script",
  Properties: newOf("Octopus.Script").Properties,
  Packages: [],
  Parameters: [],
} as unknown as Template;

export default function TemplatePage() {
  const id = useParam("template");
  const isNew = id === "create";
  const template = useGet("/api/{spaceId}/actiontemplates/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form template={blank} />;
  return <Read of={template}>{(x) => <Form key={x.Id} template={x} />}</Read>;
}

function Form({ template }: { template: Template }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/actiontemplates"
      document={template}
      name={template.Name}
      add={t("Add step template")}
      remove={[t("Delete template"), t("The server refuses this while a process uses the template, and says which.")]}
      list={{ label: t("Step templates"), to: to.stepTemplates(space) }}
      place={(made) => to.stepTemplate(space, made.Id)}
      may={{ edit: "ActionTemplateEdit", add: "ActionTemplateCreate", delete: "ActionTemplateDelete" }}
      beside={template.Id && <span className="dim">{t("Version {n}", { n: template.Version })}</span>}
      why={(value) => named(value) ?? unnamed(value.Parameters)}
    >
      {(fields) => (
        <>
          <Section title={t("Template")}>
            <div className={form.fields}>
              {fields.isNew && <TypeChoice {...fields} />}
              <NameFields {...fields} />
            </div>
          </Section>
          <Section title={typeOf(fields.value).label}>
            <div className={form.fields}>
              <Body {...fields} />
            </div>
          </Section>
          <Parameters
            ofStep
            value={fields.value.Parameters}
            onChange={(Parameters) => fields.put({ Parameters })}
            readOnly={fields.readOnly}
            words={{
              title: t("Parameters"),
              none: t("None. The step reads a parameter as a variable of its name, such as #{Folder}."),
              add: t("Add parameter"),
              one: t("Parameter"),
            }}
          />
          {!fields.isNew && (
            <>
              <TemplateUses template={template} />
              <Versions template={template} />
            </>
          )}
        </>
      )}
    </DocumentForm>
  );
}

function TypeChoice({ value, put }: Fields<Template>) {
  const steps = useGet("/api/{spaceId}/actiontemplates/search", {});
  const choices = (steps.data ?? []).filter((s) => s.IsBuiltIn).map((s) => ({ value: s.Type, label: s.Name }));
  return (
    <Select
      label={t("Kind of step")}
      searchable
      allowDeselect={false}
      data={choices}
      value={value.ActionType}
      onChange={(type) => type && put({ ActionType: type, Properties: newOf(type).Properties } as Partial<Template>)}
    />
  );
}

const nowhere = { Id: "", Slug: "" } as Project;
const step = { Id: "", Name: "", Actions: [] } as unknown as Step;

// Body is the form of the step, as processes have it.
function Body({ value, edit, readOnly }: Fields<Template>) {
  const action = { ...value, Name: value.Name } as unknown as Action;
  const editor = useMemo(
    () => ({
      project: nowhere,
      runbook: false,
      steps: [],
      change: () => {},
      mayEdit: !readOnly,
      complaints: [],
    }),
    [readOnly],
  );
  const focus = {
    step,
    action,
    changeStep: () => {},
    changeAction: (change: (action: Action) => Action) =>
      edit((now) => {
        const { Properties, Packages } = change(now as unknown as Action);
        return { ...now, Properties, Packages } as Template;
      }),
  };
  const type = typeOf(value);
  return (
    <EditorContext value={editor}>
      <FocusContext value={focus}>
        <type.Form key={value.ActionType} />
      </FocusContext>
    </EditorContext>
  );
}
