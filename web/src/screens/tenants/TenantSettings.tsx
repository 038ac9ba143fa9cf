import { Switch } from "@mantine/core";
import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import type { Tenant } from "./TenantTable";
import { tagChoices, useTagSets } from "./tags";
import { OfTenant, TenantTabs } from "./useTenant";

export default function TenantSettings() {
  return <OfTenant page={t("Settings")}>{(x) => <Form key={x.Id} tenant={x} />}</OfTenant>;
}

function Form({ tenant }: { tenant: Tenant }) {
  const space = useSpaceId();
  const sets = useTagSets("Tenant");
  return (
    <DocumentForm
      collection="/api/{spaceId}/tenants"
      document={tenant}
      name={tenant.Name}
      add=""
      remove={[t("Delete tenant"), t("Its values are lost. What is deployed for it stays deployed.")]}
      list={{ label: t("Tenants"), to: to.tenants(space) }}
      place={(x) => to.tenantSettings(space, x.Id)}
      may={{ edit: "TenantEdit", delete: "TenantDelete", scope: { tenant: tenant.Id } }}
      touches={["dashboard"]}
      why={named}
    >
      {(fields) => (
        <>
          <TenantTabs />
          <Section title={t("Tenant")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <PickMany
                label={t("Tags")}
                placeholder={t("None")}
                disabled={fields.readOnly}
                choices={tagChoices(sets)}
                value={fields.value.TenantTags}
                onChange={(TenantTags) => fields.put({ TenantTags })}
              />
              <Switch
                label={t("Enabled: projects can be deployed for it")}
                disabled={fields.readOnly}
                checked={!fields.value.IsDisabled}
                onChange={(e) => fields.put({ IsDisabled: !e.currentTarget.checked })}
              />
            </div>
          </Section>
        </>
      )}
    </DocumentForm>
  );
}
