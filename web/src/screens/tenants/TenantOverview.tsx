import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Dashboard, Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Logo } from "~/ui/form/Logo";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Facts } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { Right, Table } from "~/ui/Table";
import { Connect, Disconnect } from "./Connect";
import { type Tenant, useMissing } from "./TenantTable";
import { Tags, useTagSets } from "./tags";
import classes from "./tenants.module.css";
import { OfTenant, TenantTabs, useCrumbs } from "./useTenant";

export default function TenantOverview() {
  return <OfTenant page={t("Tenant")}>{(x) => <Shown key={x.Id} tenant={x} />}</OfTenant>;
}

// Asked is the project whose connection is being changed; "" is a new one.
type Asked = { project: string; away?: boolean } | undefined;

function Shown({ tenant }: { tenant: Tenant }) {
  const space = useSpaceId();
  const [asked, ask] = useState<Asked>();
  const query = { selectedTenants: tenant.Id, showAll: true };
  const board = useGet("/api/{spaceId}/dashboard", {}, { query });
  const sets = useTagSets("Tenant");
  const missing = useMissing([tenant.Id]).get(tenant.Id) ?? 0;
  const mayEdit = useMay("TenantEdit", { tenant: tenant.Id });
  const connect = mayEdit && <Button onClick={() => ask({ project: "" })}>{t("Connect project…")}</Button>;
  const tags = tenant.TenantTags ?? [];
  return (
    <Page
      title={tenant.Name}
      crumbs={useCrumbs(tenant)}
      beside={tenant.IsDisabled && <span className={classes.off}>{t("Disabled")}</span>}
      actions={connect}
    >
      <TenantTabs />
      <Logo kind="tenants" id={tenant.Id} name={tenant.Name} />
      {tenant.Description && <p className="dim">{tenant.Description}</p>}
      <Facts
        of={[
          [t("Tags"), tags.length > 0 && <Tags key="t" of={tags} sets={sets} />],
          [
            t("Values"),
            missing > 0 && (
              <Link key="m" to={to.tenantVariables(space, tenant.Id)} className={classes.missing}>
                {many(missing, "{n} value is missing", "{n} values are missing")}
              </Link>
            ),
          ],
        ]}
      />
      {Object.keys(tenant.ProjectEnvironments ?? {}).length === 0 ? (
        <EmptyState
          icon={IconPlugConnected}
          title={t("This tenant is connected with no project.")}
          hint={t("A connection says which projects are deployed for it, and in which environments.")}
        >
          {connect}
        </EmptyState>
      ) : (
        <Read of={board}>{(data) => <Projects tenant={tenant} board={data} onAsk={mayEdit ? ask : undefined} />}</Read>
      )}
      <Connect
        tenant={tenant}
        project={asked?.project ?? ""}
        opened={Boolean(asked && !asked.away)}
        onClose={() => ask(undefined)}
      />
      <Disconnect
        tenant={tenant}
        project={asked?.project ?? ""}
        opened={Boolean(asked?.away)}
        onClose={() => ask(undefined)}
      />
    </Page>
  );
}

type ProjectsProps = { tenant: Tenant; board: Dashboard; onAsk?: (asked: Asked) => void };

// Projects shows what is deployed for a tenant, and where.
function Projects({ tenant, board, onAsk }: ProjectsProps) {
  const connected = tenant.ProjectEnvironments ?? {};
  const used = new Set(Object.values(connected).flat());
  const environments = (board.Environments ?? []).filter((e) => used.has(e.Id));
  const projects = (board.Projects ?? []).filter((p) => connected[p.Id]);
  const items = (board.Items ?? []).filter((i) => i.TenantId === tenant.Id);
  return (
    <Table
      label={t("Releases by project and environment")}
      head={[t("Project"), ...environments.map((e) => e.Name), ...(onAsk ? [""] : [])]}
      first
    >
      {projects.map((p) => (
        <tr key={p.Id}>
          <th scope="row">
            <ProjectLink project={p} />
          </th>
          {environments.map((e) => (
            <td key={e.Id}>
              {(connected[p.Id] ?? []).includes(e.Id) ? (
                <Cell project={p} item={items.find((i) => i.ProjectId === p.Id && i.EnvironmentId === e.Id)} />
              ) : (
                <span className="dim" role="img" aria-label={t("not connected")} />
              )}
            </td>
          ))}
          {onAsk && (
            <td>
              <Right>
                <Menu>
                  <Menu.Target>
                    <ActionIcon variant="subtle" color="gray" aria-label={t("More about {name}", { name: p.Name })}>
                      <IconDots size={16} />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item onClick={() => onAsk({ project: p.Id })}>{t("Change environments…")}</Menu.Item>
                    <Menu.Item color="bad" onClick={() => onAsk({ project: p.Id, away: true })}>
                      {t("Disconnect…")}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </Right>
            </td>
          )}
        </tr>
      ))}
    </Table>
  );
}

function ProjectLink({ project }: { project: Wire<"BoardProject"> }) {
  const space = useSpaceId();
  return <Link to={to.project(space, project.Slug)}>{project.Name}</Link>;
}

function Cell({ project, item }: { project: Wire<"BoardProject">; item: Wire<"BoardItem"> | undefined }) {
  const space = useSpaceId();
  if (!item) {
    return (
      <span className="dim" role="img" aria-label={t("nothing deployed")}>
        —
      </span>
    );
  }
  return (
    <span className={classes.cell}>
      <Link to={to.deployment(space, project.Slug, item.ReleaseVersion, item.DeploymentId)} className={classes.chip}>
        <StatusChip look={taskLook(item)}>{item.ReleaseVersion}</StatusChip>
      </Link>
      <DateTime at={item.CompletedTime ?? item.StartTime ?? item.QueueTime} />
    </span>
  );
}
