import { IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type GetOptions, useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { Link } from "~/ui/Link";
import { EmptyState, Read } from "~/ui/state";
import { Pager, Table } from "~/ui/Table";
import { type TagSet, Tags } from "./tags";
import classes from "./tenants.module.css";

export type Tenant = Wire<"Tenant">;

type Missing = { TenantId: string; MissingVariables: { ProjectId?: string }[] };

// useMissing counts the values that tenants lack, by tenant.
export function useMissing(ids: string[], project?: string): Map<string, number> {
  const may = useMay("VariableView");
  const query = { tenantId: ids.join(","), projectId: project };
  const options: GetOptions = { query, enabled: may && ids.length > 0, keep: true };
  const answer = useGet("/api/{spaceId}/tenants/variables-missing", {}, options);
  const all = (answer.data as unknown as Missing[] | undefined) ?? [];
  return new Map(all.map((m) => [m.TenantId, m.MissingVariables.length]));
}

const take = 50;

type Props = {
  // project narrows the list to the tenants of one project.
  project?: string;
  sets: TagSet[];
  filtered: boolean;
  query: { partialName?: string; tags?: string; isDisabled?: string };
  empty: ReactNode;
};

// TenantTable is a page of tenants; the server filters and counts.
export function TenantTable({ project, sets, query, filtered, empty }: Props) {
  const [skip] = useQueryWord("skip");
  const all = { ...query, projectId: project, skip: skip || "0", take };
  const tenants = useGet("/api/{spaceId}/tenants", {}, { query: all, keep: true });
  const items = tenants.data?.Items ?? [];
  const missing = useMissing(
    items.map((x) => x.Id),
    project,
  );
  return (
    <Read of={tenants}>
      {({ Items, TotalResults }) =>
        Items.length === 0 ? (
          filtered ? (
            <EmptyState icon={IconSearch} title={t("No tenant matches these filters.")} />
          ) : (
            empty
          )
        ) : (
          <>
            <Table
              label={t("Tenants")}
              head={[t("Tenant"), t("Tags"), project ? t("Environments") : t("Projects"), t("Values")]}
              first
            >
              {Items.map((x) => (
                <Row key={x.Id} tenant={x} sets={sets} project={project} missing={missing.get(x.Id) ?? 0} />
              ))}
            </Table>
            <Pager total={TotalResults} take={take} />
          </>
        )
      }
    </Read>
  );
}

type RowProps = { tenant: Tenant; sets: TagSet[]; project?: string; missing: number };

function Row({ tenant, sets, project, missing }: RowProps) {
  const space = useSpaceId();
  const environments = useGet("/api/{spaceId}/environments/all", {}, { enabled: Boolean(project) });
  const nameOf = (id: string) => environments.data?.find((e) => e.Id === id)?.Name ?? id;
  const connected = tenant.ProjectEnvironments ?? {};
  return (
    <tr>
      <th scope="row">
        <Link to={to.tenant(space, tenant.Id)}>{tenant.Name}</Link>{" "}
        {tenant.IsDisabled && <span className={classes.off}>{t("Disabled")}</span>}
        {tenant.Description && <div className={classes.about}>{tenant.Description}</div>}
      </th>
      <td>
        <Tags of={tenant.TenantTags} sets={sets} />
      </td>
      <td className="dim">
        {project
          ? (connected[project] ?? []).map(nameOf).join(", ")
          : many(Object.keys(connected).length, "{n} project", "{n} projects")}
      </td>
      <td>
        {missing > 0 && (
          <Link to={to.tenantVariables(space, tenant.Id)} className={classes.missing}>
            {many(missing, "{n} value is missing", "{n} values are missing")}
          </Link>
        )}
      </td>
    </tr>
  );
}
