import { NumberInput, Switch } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "./places";

const blank = { Id: "", Name: "", Description: "", UseGuidedFailure: false } as unknown as Environment;

export default function ParentPage() {
  const id = useParam("parent");
  const isNew = id === "create";
  const parent = useGet("/api/{spaceId}/parentenvironments/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form parent={blank} />;
  return <Read of={parent}>{(e) => <Form key={e.Id} parent={e} />}</Read>;
}

function Form({ parent }: { parent: Environment }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/parentenvironments"
      document={parent}
      name={parent.Name}
      add={t("Add parent environment")}
      remove={[
        t("Delete parent environment"),
        t("The server refuses this while something uses the environment, and says what."),
      ]}
      list={{ label: t("Parent environments"), to: places.parents(space) }}
      place={(made) => places.parent(space, made.Id)}
      may={{ edit: "EnvironmentEdit", add: "EnvironmentCreate", delete: "EnvironmentDelete" }}
      touches={["environments"]}
      why={named}
    >
      {(fields) => (
        <Section title={t("Settings")}>
          <div className={form.fields}>
            <NameFields {...fields} />
            <Switch
              label={t("Guided failure")}
              description={t("When a step fails, a person is asked what to do, unless the project decides otherwise.")}
              disabled={fields.readOnly}
              checked={fields.value.UseGuidedFailure}
              onChange={(e) => fields.put({ UseGuidedFailure: e.currentTarget.checked })}
            />
            <Idle {...fields} />
          </div>
        </Section>
      )}
    </DocumentForm>
  );
}

function Idle({ value, put, readOnly }: Fields<Environment>) {
  const rule = { ExpiryDays: 0, ExpiryHours: 0, ...value.AutomaticDeprovisioningRule };
  const field = (label: string, member: "ExpiryDays" | "ExpiryHours") => (
    <NumberInput
      size="xs"
      w={110}
      label={label}
      min={0}
      disabled={readOnly}
      value={rule[member]}
      onChange={(n) => put({ AutomaticDeprovisioningRule: { ...rule, [member]: Number(n) || 0 } })}
    />
  );
  return (
    <fieldset className={form.group}>
      <legend>{t("Environments below it are taken down when nothing has been deployed to them for so long")}</legend>
      <div className={form.line}>
        {field(t("Days"), "ExpiryDays")}
        {field(t("Hours"), "ExpiryHours")}
      </div>
      <p className="dim">{t("When both are 0 they are taken down only by hand.")}</p>
    </fieldset>
  );
}
