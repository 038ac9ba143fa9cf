import { Select } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { type GetOptions, useGet, useSpaceId } from "~/api/query";
import type { Dashboard, Project, Release, Wire } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { Pager, Table } from "~/ui/Table";
import { useTenantFilter } from "../tenants/TenantFilter";
import { type Tenant, useMissing } from "../tenants/TenantTable";
import { useTagSets } from "../tenants/tags";
import classes from "./Progression.module.css";

const take = 50;

type Props = { project: Project; progression: Wire<"ProjectProgression"> };

// ByTenant shows what each tenant of a project has in each environment, and
// deploys the release that is chosen to those that have another.
export function ByTenant({ project, progression }: Props) {
  const [skip] = useQueryWord("skip");
  const filter = useTenantFilter(useTagSets("Tenant"));
  const [version, setVersion] = useQueryWord("release");
  const query = { ...filter.query, projectId: project.Id, skip: skip || "0", take };
  const tenants = useGet("/api/{spaceId}/tenants", {}, { query, keep: true });
  const found = (tenants.data?.Items ?? []).map((x) => x.Id);
  const asked: GetOptions = {
    query: { projectId: project.Id, selectedTenants: ["untenanted", ...found].join(","), showAll: true },
    enabled: Boolean(tenants.data),
    keep: true,
  };
  const board = useGet("/api/{spaceId}/dashboard", {}, asked);
  const missing = useMissing(found, project.Id);
  const releases = [...new Set((progression.Releases ?? []).map((r) => (r.Release as Release).Version))];
  const mixed = project.TenantedDeploymentMode === "TenantedOrUntenanted";
  return (
    <>
      <div className={classes.filters}>
        {filter.fields}
        <Select
          w={200}
          aria-label={t("Release to deploy")}
          placeholder={t("Release to deploy")}
          clearable
          searchable
          data={releases}
          value={version || null}
          onChange={(value) => setVersion(value ?? undefined)}
        />
      </div>
      <Read of={tenants}>
        {({ Items, TotalResults }) => (
          <Read of={board}>
            {(data) =>
              Items.length === 0 && (filter.filtered || !mixed) ? (
                <EmptyState
                  icon={IconUsersGroup}
                  title={
                    filter.filtered
                      ? t("No tenant matches these filters.")
                      : t("No tenant is connected with this project.")
                  }
                />
              ) : (
                <>
                  <Board
                    project={project}
                    board={data}
                    tenants={Items}
                    untenanted={mixed && !filter.filtered && !Number(skip)}
                    version={version}
                    missing={missing}
                  />
                  <Pager total={TotalResults} take={take} />
                </>
              )
            }
          </Read>
        )}
      </Read>
    </>
  );
}

type BoardProps = {
  project: Project;
  board: Dashboard;
  tenants: Tenant[];
  // untenanted adds what is deployed for no tenant.
  untenanted: boolean;
  version: string;
  missing: Map<string, number>;
};

function Board({ project, board, tenants, untenanted, version, missing }: BoardProps) {
  const space = useSpaceId();
  const own = new Set(board.Projects?.find((p) => p.Id === project.Id)?.EnvironmentIds);
  const connected = (tenant: Tenant) => tenant.ProjectEnvironments?.[project.Id] ?? [];
  const used = new Set(tenants.flatMap(connected));
  const columns = (board.Environments ?? []).filter((e) => used.has(e.Id) || (untenanted && own.has(e.Id)));
  const itemOf = (tenant: string, environment: string) =>
    board.Items?.find((i) => (i.TenantId || "") === tenant && i.EnvironmentId === environment);
  return (
    <Table
      label={t("Tenants by environment")}
      head={[t("Tenant"), ...columns.map((e) => ({ name: e.Name, to: to.timeline(space, project.Slug, e.Id) }))]}
      first
    >
      {untenanted && (
        <tr>
          <th scope="row" className="dim">
            {t("Untenanted")}
          </th>
          {columns.map((e) => (
            <td key={e.Id}>
              <TenantCell
                project={project}
                tenant=""
                name={t("no tenant")}
                environment={e}
                item={itemOf("", e.Id)}
                version={own.has(e.Id) ? version : ""}
              />
            </td>
          ))}
        </tr>
      )}
      {tenants.map((x) => (
        <tr key={x.Id}>
          <th scope="row">
            <Link to={to.tenant(space, x.Id)}>{x.Name}</Link>
            {(missing.get(x.Id) ?? 0) > 0 && (
              <div className={classes.under}>
                <Link to={to.tenantVariables(space, x.Id)} className={classes.missing}>
                  {many(missing.get(x.Id) ?? 0, "{n} value is missing", "{n} values are missing")}
                </Link>
              </div>
            )}
          </th>
          {columns.map((e) => (
            <td key={e.Id}>
              {connected(x).includes(e.Id) ? (
                <TenantCell
                  project={project}
                  tenant={x.Id}
                  name={x.Name}
                  environment={e}
                  item={itemOf(x.Id, e.Id)}
                  version={x.IsDisabled ? "" : version}
                />
              ) : (
                <span className="dim" role="img" aria-label={t("not connected")} />
              )}
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

type CellProps = {
  project: Project;
  tenant: string;
  name: string;
  environment: Wire<"Item">;
  item: Wire<"BoardItem"> | undefined;
  // version is the release that can be deployed here; "" is none.
  version: string;
};

function TenantCell({ project, tenant, name, environment, item, version }: CellProps) {
  const space = useSpaceId();
  const mayDeploy = useMay("DeploymentCreate", {
    project: project.Id,
    environment: environment.Id,
    tenant: tenant || undefined,
  });
  const there = item?.ReleaseVersion === version && item.State === "Success";
  return (
    <span className={classes.cell}>
      {item ? (
        <>
          <Link
            to={to.deployment(space, project.Slug, item.ReleaseVersion, item.DeploymentId)}
            className={classes.chip}
          >
            <StatusChip look={taskLook(item)}>{item.ReleaseVersion}</StatusChip>
          </Link>
          <DateTime at={item.CompletedTime ?? item.StartTime ?? item.QueueTime} className={`dim ${classes.when}`} />
        </>
      ) : (
        <span className="dim" role="img" aria-label={t("nothing deployed")}>
          —
        </span>
      )}
      {version && mayDeploy && !there && (
        <ButtonLink
          to={`${to.deploy(space, project.Slug, version)}?environment=${environment.Id}${tenant && `&tenant=${tenant}`}`}
          variant="default"
          h={28}
          px={10}
          aria-label={t("Deploy {version} to {environment} for {name}", {
            version,
            environment: environment.Name,
            name,
          })}
        >
          {t("Deploy…")}
        </ButtonLink>
      )}
    </span>
  );
}
