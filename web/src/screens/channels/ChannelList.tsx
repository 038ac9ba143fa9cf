import { IconGitFork, IconPlus } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Channel, Project } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import classes from "./channels.module.css";

// ChannelList are the channels of a project.
export default function ChannelList() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return <Read of={project}>{(data) => <Listed project={data} />}</Read>;
}

// ruleWords says what a channel asks of versions.
export function ruleWords(channel: Channel): string[] {
  const rules = (channel.Rules ?? []).map((r) =>
    [r.VersionRange, r.Tag && t("tag {tag}", { tag: r.Tag })].filter(Boolean).join(" "),
  );
  return [...rules.filter(Boolean), ...(channel.GitReferenceRules ?? [])];
}

function Listed({ project }: { project: Project }) {
  const space = useSpaceId();
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: project.Id }, { query: { take: 1000 } });
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const mayEdit = useMay("ProcessEdit", { project: project.Id });
  const name = (id: string) => lifecycles.data?.find((l) => l.Id === id)?.Name ?? id;
  const add = mayEdit && (
    <ButtonLink to={to.newChannel(space, project.Slug)} leftSection={<IconPlus size={16} />}>
      {t("Add channel…")}
    </ButtonLink>
  );
  return (
    <Page
      title={t("Channels")}
      actions={
        <>
          {channels.data?.Items.some((c) => c.Type === "EphemeralEnvironment") && (
            <ButtonLink to={to.ephemeral(space, project.Slug)} variant="default">
              {t("Ephemeral environments")}
            </ButtonLink>
          )}
          {add}
        </>
      }
    >
      <Read of={channels}>
        {({ Items }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconGitFork}
              title={t("No channels.")}
              hint={t("A channel says which lifecycle and which versions of packages a release of it has.")}
            />
          ) : (
            <Table label={t("Channels")} head={[t("Name"), t("Lifecycle"), t("Versions"), t("Tenants")]}>
              {Items.map((c) => (
                <tr key={c.Id}>
                  <th scope="row">
                    <Link to={to.channel(space, project.Slug, c.Id)}>{c.Name}</Link>{" "}
                    {c.IsDefault && <span className={classes.badge}>{t("default")}</span>}
                    {c.Description && <div className="dim">{c.Description}</div>}
                  </th>
                  <td>
                    {c.Type === "EphemeralEnvironment" ? (
                      <Link to={to.ephemeral(space, project.Slug)}>{t("Ephemeral environments")}</Link>
                    ) : c.LifecycleId ? (
                      name(c.LifecycleId)
                    ) : (
                      <span className="dim">{t("{name}, as the project", { name: name(project.LifecycleId) })}</span>
                    )}
                  </td>
                  <td>
                    {ruleWords(c).length === 0 ? (
                      <span className="dim">{t("any")}</span>
                    ) : (
                      ruleWords(c).map((w) => (
                        <div key={w}>
                          <code>{w}</code>
                        </div>
                      ))
                    )}
                  </td>
                  <td>{(c.TenantTags ?? []).join(", ") || <span className="dim">{t("all")}</span>}</td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
    </Page>
  );
}
