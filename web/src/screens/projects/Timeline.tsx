import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconRocket } from "@tabler/icons-react";
import { Fragment, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Environment, Project, Task, Wire } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime, useNow } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import { Pager, Right, Table } from "~/ui/Table";
import { TenantChoice } from "../dashboard/TenantChoice";
import classes from "./Progression.module.css";
import { ageOf, before } from "./timeline";

const take = 30;

// Timeline is what has been deployed of a project to one environment, and when.
export default function Timeline() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const environment = useGet("/api/{spaceId}/environments/{id}", { id: useParam("environment") });
  return (
    <Read of={project} page={t("Timeline")}>
      {(p) => (
        <Read of={environment} page={t("Timeline")}>
          {(e) => <Deployments project={p} environment={e} />}
        </Read>
      )}
    </Read>
  );
}

type Of = { project: Project; environment: Environment };
type Deployed = Wire<"Deployment"> & { State: string | undefined; task: Task | undefined; version: string };

// againAt is where a release is deployed to where it has been.
function againAt(space: string, project: Project, d: Deployed): string {
  const where = new URLSearchParams({ environment: d.EnvironmentId, ...(d.TenantId ? { tenant: d.TenantId } : {}) });
  return `${to.deploy(space, project.Slug, d.version)}?${where}`;
}

// useHistory reads the deployments with their tasks and the versions of their
// releases, each kind at once.
function useHistory({ project, environment }: Of, tenant: string, skip: number) {
  const query = { projectId: project.Id, environmentId: environment.Id, tenantId: tenant || undefined, take, skip };
  const list = useGet("/api/{spaceId}/deployments", {}, { query, keep: true });
  const items = list.data?.Items ?? [];
  const idsOf = (ids: (string | null | undefined)[]) => [...new Set(ids.filter(Boolean))].join(",");
  const ask = (ids: string) => ({ query: { ids, take }, enabled: ids !== "", keep: true });
  const tasks = useGet("/api/{spaceId}/tasks", {}, ask(idsOf(items.map((d) => d.TaskId))));
  const releases = useGet("/api/{spaceId}/releases", {}, ask(idsOf(items.map((d) => d.ReleaseId))));
  const tenants = useGet("/api/{spaceId}/tenants", {}, ask(idsOf(items.map((d) => d.TenantId))));
  const history = items.map((d): Deployed => {
    const task = tasks.data?.Items.find((x) => x.Id === d.TaskId);
    const version = releases.data?.Items.find((r) => r.Id === d.ReleaseId)?.Version ?? "";
    return { ...d, task, State: task?.State, version };
  });
  return { list, history, tenant: (id: string) => tenants.data?.Items.find((x) => x.Id === id)?.Name ?? id };
}

function Deployments({ project, environment }: Of) {
  const space = useSpaceId();
  const [tenant, setTenant] = useQueryWord("tenantId");
  const [skip] = useQueryWord("skip");
  const { list, history, tenant: nameOf } = useHistory({ project, environment }, tenant, Number(skip) || 0);
  const mayDeploy = useMay("DeploymentCreate", { project: project.Id, environment: environment.Id });
  const hasTenants = history.some((d) => d.TenantId);
  // Of several tenants each has a release before of its own.
  const back = mayDeploy && !skip && (tenant || !hasTenants) ? before(history) : undefined;
  return (
    <Page
      title={t("{project} in {environment}", { project: project.Name, environment: environment.Name })}
      crumbs={[{ label: t("Overview"), to: to.project(space, project.Slug) }, { label: environment.Name }]}
      actions={
        <>
          <TenantChoice value={tenant} onChange={(id) => setTenant(id || undefined)} />
          {back?.version && (
            <ButtonLink to={againAt(space, project, back)}>
              {t("Go back to {version}…", { version: back.version })}
            </ButtonLink>
          )}
        </>
      }
    >
      <Read of={list}>
        {({ TotalResults }) =>
          TotalResults === 0 ? (
            <EmptyState
              icon={IconRocket}
              title={t("Nothing of this project has been deployed to {environment}.", {
                environment: environment.Name,
              })}
              hint={tenant ? t("Not for this tenant, at least.") : undefined}
            />
          ) : (
            <>
              <History of={{ project, environment }} history={history} nameOf={hasTenants ? nameOf : undefined} />
              <Pager total={TotalResults} take={take} />
            </>
          )
        }
      </Read>
    </Page>
  );
}

type HistoryProps = { of: Of; history: Deployed[]; nameOf: ((tenant: string) => string) | undefined };

function History({ of, history, nameOf }: HistoryProps) {
  const now = useNow();
  const head = [t("Release"), t("State"), ...(nameOf ? [t("Tenant")] : []), t("By"), t("When"), t("Comments"), ""];
  return (
    <Table label={t("Deployments")} head={head} first>
      {history.map((d, i) => {
        const age = ageOf(d.Created ?? "", now);
        const previous = history[i - 1];
        return (
          <Fragment key={d.Id}>
            {(!previous || ageOf(previous.Created ?? "", now) !== age) && (
              <tr className={classes.age}>
                <th scope="rowgroup" colSpan={head.length}>
                  {age}
                </th>
              </tr>
            )}
            <One of={of} deployment={d} nameOf={nameOf} />
          </Fragment>
        );
      })}
    </Table>
  );
}

type OneProps = Pick<HistoryProps, "of" | "nameOf"> & { deployment: Deployed };

function One({ of: { project, environment }, deployment: d, nameOf }: OneProps) {
  const space = useSpaceId();
  const [deleting, ask] = useState(false);
  const scope = { project: project.Id, environment: environment.Id };
  const mayDeploy = useMay("DeploymentCreate", scope);
  const mayDelete = useMay("DeploymentDelete", scope) && d.task?.IsCompleted;
  const remove = useSend("delete", "/api/{spaceId}/deployments/{id}", { touches: ["progression", "dashboard"] });
  return (
    <tr>
      <th scope="row" className="number">
        <Link to={to.release(space, project.Slug, d.version)}>{d.version}</Link>
      </th>
      <td>
        <Link to={to.deployment(space, project.Slug, d.version, d.Id)} className={classes.chip}>
          {d.task && <StatusChip look={taskLook(d.task)} />}
        </Link>
      </td>
      {nameOf && <td>{d.TenantId ? nameOf(d.TenantId) : <span className="dim">{t("Untenanted")}</span>}</td>}
      <td>{d.DeployedBy}</td>
      <td>
        <DateTime at={d.Created} />
      </td>
      <td className="dim">{d.Comments}</td>
      <td>
        <Right>
          {(mayDeploy || mayDelete) && (
            <Menu>
              <Menu.Target>
                <ActionIcon aria-label={t("What to do with {version}", { version: d.version })}>
                  <IconDots size={17} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {mayDeploy && (
                  <>
                    <Menu.Item component={Link} to={againAt(space, project, d)}>
                      {t("Deploy again…")}
                    </Menu.Item>
                    <Menu.Item component={Link} to={to.deploy(space, project.Slug, d.version)}>
                      {t("Deploy elsewhere…")}
                    </Menu.Item>
                  </>
                )}
                {mayDelete && (
                  <Menu.Item color="bad" onClick={() => ask(true)}>
                    {t("Delete…")}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </Right>
        <Confirm
          grave
          opened={deleting}
          onClose={() => ask(false)}
          title={t("Delete this deployment?")}
          action={t("Delete deployment")}
          onConfirm={() =>
            remove
              .mutateAsync({ params: { id: d.Id } })
              .catch(failed)
              .finally(() => ask(false))
          }
        >
          {t("The record of {version} in {environment} and its log are gone then. What it has put there stays.", {
            version: d.version,
            environment: environment.Name,
          })}
        </Confirm>
      </td>
    </tr>
  );
}
