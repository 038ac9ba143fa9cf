import { Select, Switch } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { ActionFields } from "./ActionFields";
import { FilterFields } from "./FilterFields";
import { Standing } from "./Standing";
import { beginning, begun, blank, type Trigger, whats, whatsFor, whens } from "./triggers";

// TriggerForm edits a trigger, or makes one.
export default function TriggerForm() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = useParam("trigger");
  const isNew = id === "create";
  const trigger = useGet("/api/{spaceId}/projecttriggers/{id}", { id }, { enabled: !isNew });
  return (
    <Read of={project}>
      {(p) =>
        isNew ? (
          <Form project={p} trigger={blank(p)} />
        ) : (
          <Read of={trigger}>{(x) => <Form key={x.Id} project={p} trigger={x} />}</Read>
        )
      }
    </Read>
  );
}

// known adds what is there already to choices that do not have it.
const known = (choices: { value: string; label: string }[], value: string) =>
  choices.some((c) => c.value === value) ? choices : [...choices, { value, label: value }];

function Form({ project, trigger }: { project: Project; trigger: Trigger }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/projecttriggers"
      document={trigger}
      name={trigger.Name}
      add={t("Add trigger")}
      remove={[t("Delete trigger"), t("What it has started goes on.")]}
      list={{ label: t("Triggers"), to: to.triggers(space, project.Slug) }}
      place={(made) => to.trigger(space, project.Slug, made.Id)}
      may={{ edit: "TriggerEdit", add: "TriggerCreate", delete: "TriggerDelete", scope: { project: project.Id } }}
      why={named}
    >
      {(fields) => (
        <>
          <Section title={t("Trigger")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <Switch
                label={t("Enabled")}
                disabled={fields.readOnly}
                checked={!fields.value.IsDisabled}
                onChange={(e) => fields.put({ IsDisabled: !e.currentTarget.checked })}
              />
            </div>
          </Section>
          <WhenAndWhat project={project} {...fields} />
          {!fields.isNew && <Standing trigger={trigger.Id} />}
        </>
      )}
    </DocumentForm>
  );
}

function WhenAndWhat({ project, value: x, put, readOnly }: Fields<Trigger> & { project: Project }) {
  const pickWhen = (when: string) => {
    const possible = whatsFor(when);
    const fits = possible.includes(x.Action.ActionType);
    put({ Filter: beginning(when), Action: fits ? x.Action : begun(possible[0] ?? "") });
  };
  return (
    <>
      <Section title={t("When")}>
        <div className={form.fields}>
          <Select
            label={t("Occasion")}
            allowDeselect={false}
            disabled={readOnly}
            data={known(whens, x.Filter.FilterType)}
            value={x.Filter.FilterType}
            onChange={(when) => when && when !== x.Filter.FilterType && pickWhen(when)}
          />
          <FilterFields
            project={project}
            value={x.Filter}
            disabled={readOnly}
            onChange={(change) => put({ Filter: { ...x.Filter, ...change } })}
          />
        </div>
      </Section>
      <Section title={t("What")}>
        <div className={form.fields}>
          <Select
            label={t("What is done")}
            allowDeselect={false}
            disabled={readOnly}
            data={known(
              whats.filter((w) => whatsFor(x.Filter.FilterType).includes(w.value)),
              x.Action.ActionType,
            ).map((w) => whats.find((k) => k.value === w.value) ?? w)}
            value={x.Action.ActionType}
            onChange={(what) => what && what !== x.Action.ActionType && put({ Action: begun(what) })}
          />
          <ActionFields
            project={project}
            value={x.Action}
            disabled={readOnly}
            onChange={(change) => put({ Action: { ...x.Action, ...change } })}
          />
        </div>
      </Section>
    </>
  );
}
