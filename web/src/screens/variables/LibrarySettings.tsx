import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { unnamed } from "../templates/Parameters";
import { LibrarySetTabs } from "./Tabs";
import { TenantTemplates } from "./TenantTemplates";

// LibrarySettings are the name of a library set and the variables that each
// tenant has values of its own for.
export default function LibrarySettings() {
  const set = useGet("/api/{spaceId}/libraryvariablesets/{id}", { id: useParam("set") });
  return <Read of={set}>{(data) => <Form key={data.Id} library={data} />}</Read>;
}

function Form({ library }: { library: Wire<"LibraryVariableSet"> }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/libraryvariablesets"
      document={library}
      name={library.Name}
      add=""
      remove={[
        t("Delete variable set"),
        t("The server refuses this while a project includes the set, and says which."),
      ]}
      list={{ label: t("Variable sets"), to: to.variableSets(space) }}
      place={(s) => to.variableSetSettings(space, s.Id)}
      may={{ edit: "LibraryVariableSetEdit", delete: "LibraryVariableSetDelete" }}
      touches={["tenantvariables", "tenants"]}
      why={(value) => named(value) ?? unnamed(value.Templates)}
    >
      {(fields) => (
        <>
          <LibrarySetTabs id={library.Id} />
          <Section title={t("Variable set")}>
            <div className={form.fields}>
              <NameFields {...fields} />
            </div>
          </Section>
          <TenantTemplates
            value={fields.value.Templates}
            onChange={(Templates) => fields.put({ Templates })}
            readOnly={fields.readOnly}
            none={t("None. A tenant of any project that includes this set is asked for one value of each.")}
          />
        </>
      )}
    </DocumentForm>
  );
}
