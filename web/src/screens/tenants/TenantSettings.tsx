import { Switch } from "@mantine/core";
import { useSend, useSpaceId } from "~/api/query";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { CloneButton } from "~/ui/form/CloneButton";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { LogoField } from "~/ui/form/Logo";
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
      actions={<Cloning tenant={tenant} />}
    >
      {(fields) => (
        <>
          <TenantTabs />
          <Section title={t("Tenant")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <LogoField kind="tenants" id={tenant.Id} name={tenant.Name} readOnly={fields.readOnly} />
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

function Cloning({ tenant }: { tenant: Tenant }) {
  const space = useSpaceId();
  const go = useGo();
  const mayClone = useMay("TenantCreate");
  const clone = useSend("post", "/api/{spaceId}/tenants", { onDone: (made) => go(to.tenant(space, made.Id)) });
  if (!mayClone) return null;
  return (
    <CloneButton
      name={tenant.Name}
      gets={t("It gets the tags, the connections with projects and the values, secrets too.")}
      of={clone}
      onClone={(Name) => clone.mutate({ query: { clone: tenant.Id }, body: { Name, Description: tenant.Description } })}
    />
  );
}
