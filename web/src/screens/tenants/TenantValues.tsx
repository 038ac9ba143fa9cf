import { IconVariable } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useGet, useSend } from "~/api/query";
import { useMay } from "~/app/session";
import { many, t } from "~/text/t";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { done } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import type { Tenant } from "./TenantTable";
import classes from "./tenants.module.css";
import { OfTenant, TenantTabs, useCrumbs } from "./useTenant";
import { ValueField } from "./ValueField";
import { countMissing, type Template, type Values, withCommon, withOwn } from "./values";

export default function TenantValues() {
  return <OfTenant page={t("Variables")}>{(x) => <Loaded key={x.Id} tenant={x} />}</OfTenant>;
}

function Loaded({ tenant }: { tenant: Tenant }) {
  const values = useGet("/api/{spaceId}/tenants/{id}/variables", { id: tenant.Id });
  return (
    <Read of={values} page={t("Variables")}>
      {(data) => <Sheet tenant={tenant} values={data} />}
    </Read>
  );
}

function Sheet({ tenant, values }: { tenant: Tenant; values: Values }) {
  const draft = useDraft(values);
  const mayEdit = useMay("VariableEdit", { tenant: tenant.Id });
  const save = useSend("put", "/api/{spaceId}/tenants/{id}/variables");
  const common = Object.entries(draft.value.LibraryVariables ?? {}).filter(([, g]) => (g.Templates ?? []).length > 0);
  const own = Object.entries(draft.value.ProjectVariables ?? {}).filter(([, g]) => (g.Templates ?? []).length > 0);
  const missing = countMissing(draft.value);
  const send = async () => {
    draft.saved(await save.mutateAsync({ params: { id: tenant.Id }, body: draft.value as never }));
    done(t("The values are saved."));
  };
  return (
    <Page
      title={t("Variables of {name}", { name: tenant.Name })}
      crumbs={[...useCrumbs(tenant).slice(0, -1), { label: tenant.Name }, { label: t("Variables") }]}
      beside={
        missing > 0 && (
          <span className={classes.missing}>{many(missing, "{n} value is missing", "{n} values are missing")}</span>
        )
      }
    >
      <TenantTabs />
      {common.length === 0 && own.length === 0 && (
        <EmptyState
          icon={IconVariable}
          title={t("Nothing asks for values of this tenant.")}
          hint={t(
            "Projects and variable sets have templates: variables of which each tenant has a value of its own. Those of connected projects show here.",
          )}
        />
      )}
      {common.map(([id, g]) => (
        <Section key={id} title={t("Common: {name}", { name: g.LibraryVariableSetName })} flush>
          <Table label={g.LibraryVariableSetName} head={[t("Variable"), t("Value")]}>
            {(g.Templates ?? []).map((x) => (
              <Row key={x.Id} template={x}>
                <td className={classes.value}>
                  <ValueField
                    template={x}
                    label={x.Label || x.Name}
                    value={g.Variables?.[x.Id]}
                    disabled={!mayEdit}
                    onChange={(value) => draft.edit((now) => withCommon(now, id, x.Id, value))}
                  />
                </td>
              </Row>
            ))}
          </Table>
        </Section>
      ))}
      {own.map(([id, g]) => (
        <OfProject
          key={id}
          name={g.ProjectName}
          templates={g.Templates ?? []}
          values={(g.Variables ?? {}) as Record<string, Record<string, unknown>>}
          disabled={!mayEdit}
          onChange={(environment, template, value) =>
            draft.edit((now) => withOwn(now, id, environment, template, value))
          }
        />
      ))}
      <SaveBar
        dirty={draft.dirty}
        saving={save.isPending}
        error={save.error}
        onSave={() => void send().catch(() => {})}
        onDiscard={draft.discard}
      />
    </Page>
  );
}

type OfProjectProps = {
  name: string;
  templates: Template[];
  values: Record<string, Record<string, unknown>>;
  disabled: boolean;
  onChange: (environment: string, template: string, value: Parameters<typeof withOwn>[4]) => void;
};

// OfProject are the values for a project, one in each environment.
function OfProject({ name, templates, values, disabled, onChange }: OfProjectProps) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const columns = (environments.data ?? []).filter((e) => values[e.Id]);
  return (
    <Section title={name} flush>
      {columns.length === 0 ? (
        <EmptyState title={t("This tenant is connected with {name} in no environment.", { name })} />
      ) : (
        <Table label={name} head={[t("Variable"), ...columns.map((e) => e.Name)]} first>
          {templates.map((x) => (
            <Row key={x.Id} template={x}>
              {columns.map((e) => (
                <td key={e.Id} className={classes.value}>
                  <ValueField
                    template={x}
                    label={t("{name} in {environment}", { name: x.Label || x.Name, environment: e.Name })}
                    value={values[e.Id]?.[x.Id]}
                    disabled={disabled}
                    onChange={(value) => onChange(e.Id, x.Id, value)}
                  />
                </td>
              ))}
            </Row>
          ))}
        </Table>
      )}
    </Section>
  );
}

function Row({ template, children }: { template: Template; children: ReactNode }) {
  return (
    <tr>
      <th scope="row">
        {template.Label || template.Name}
        {template.Label && template.Label !== template.Name && <div className={classes.about}>{template.Name}</div>}
        {template.HelpText && <div className={classes.about}>{template.HelpText}</div>}
      </th>
      {children}
    </tr>
  );
}
