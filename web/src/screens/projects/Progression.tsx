import { useSpaceId } from "~/api/query";
import type { Channel, Project, Release, Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { taskLook } from "~/ui/status";
import { Table } from "~/ui/Table";
import { first } from "../dashboard/matrix";
import classes from "./Progression.module.css";

type Of = { project: Project; progression: Wire<"ProjectProgression"> };

// channelsOf are the channels of which there are releases.
export function channelsOf(progression: Of["progression"]): Channel[] {
  const all = new Map((progression.Releases ?? []).map((r) => [(r.Channel as Channel).Id, r.Channel as Channel]));
  return [...all.values()];
}

// ByChannel shows the releases of each channel against the environments that
// this channel has.
export function ByChannel({ project, progression }: Of) {
  return channelsOf(progression).map((channel) => (
    <Section key={channel.Id} title={channel.Name} flush>
      <Releases
        label={t("Releases of channel {name}", { name: channel.Name })}
        project={project}
        environments={progression.ChannelEnvironments?.[channel.Id] ?? []}
        releases={(progression.Releases ?? []).filter((r) => (r.Channel as Channel).Id === channel.Id)}
      />
    </Section>
  ));
}

// Progression shows the releases of a project against the environments that
// they go through.
export function Progression({ project, progression }: Of) {
  return (
    <Releases
      label={t("Releases by environment")}
      project={project}
      environments={progression.Environments ?? []}
      releases={progression.Releases ?? []}
      showChannel={channelsOf(progression).length > 1}
    />
  );
}

type Props = {
  label: string;
  project: Project;
  environments: Wire<"Item">[];
  releases: Wire<"ReleaseProgress">[];
  showChannel?: boolean;
};

function Releases({ label, project, environments, releases, showChannel = false }: Props) {
  const space = useSpaceId();
  return (
    <Table
      label={label}
      head={[t("Release"), ...environments.map((e) => ({ name: e.Name, to: to.timeline(space, project.Slug, e.Id) }))]}
      first
    >
      {releases.map((r) => (
        <ReleaseRow
          key={(r.Release as Release).Id}
          project={project}
          of={r}
          environments={environments}
          showChannel={showChannel}
        />
      ))}
    </Table>
  );
}

type RowProps = { project: Project; of: Wire<"ReleaseProgress">; environments: Wire<"Item">[]; showChannel: boolean };

function ReleaseRow({ project, of, environments, showChannel }: RowProps) {
  const space = useSpaceId();
  const release = of.Release as Release;
  const width = `${80 / environments.length}%`; // the same in the tables of all channels
  return (
    <tr>
      <th scope="row" className={classes.release}>
        <Link to={to.release(space, project.Slug, release.Version)} className="number">
          {release.Version}
        </Link>
        <div className={classes.under}>
          {showChannel && <span className="dim">{(of.Channel as Channel).Name} · </span>}
          <DateTime at={release.Assembled} />
          {of.HasUnresolvedDefect && <span className={classes.blocked}>{t("Blocked")}</span>}
        </div>
      </th>
      {environments.map((e) => (
        <td key={e.Id} style={{ width }}>
          <ProgressCell
            project={project}
            version={release.Version}
            environment={e}
            items={of.Deployments?.[e.Id] ?? []}
            isNext={(of.NextDeployments ?? []).includes(e.Id)}
          />
        </td>
      ))}
    </tr>
  );
}

type CellProps = {
  project: Project;
  version: string;
  environment: Wire<"Item">;
  items: Wire<"BoardItem">[];
  isNext: boolean;
};

function ProgressCell({ project, version, environment, items, isNext }: CellProps) {
  const space = useSpaceId();
  const mayDeploy = useMay("DeploymentCreate", { project: project.Id, environment: environment.Id });
  const item = first(items);
  if (item) {
    const tenants = new Set(items.map((i) => i.TenantId).filter(Boolean)).size;
    return (
      <span className={classes.cell}>
        <Link to={to.deployment(space, project.Slug, version, item.DeploymentId)} className={classes.chip}>
          <StatusChip look={taskLook(item)} />
        </Link>
        {tenants > 1 ? (
          <span className="dim">{many(tenants, "{n} tenant", "{n} tenants")}</span>
        ) : (
          <DateTime at={item.CompletedTime ?? item.StartTime ?? item.QueueTime} className={`dim ${classes.when}`} />
        )}
      </span>
    );
  }
  if (isNext && mayDeploy) {
    return (
      <ButtonLink
        to={`${to.deploy(space, project.Slug, version)}?environment=${environment.Id}`}
        variant="default"
        h={28}
        px={10}
        aria-label={t("Deploy {version} to {environment}", { version, environment: environment.Name })}
      >
        {t("Deploy…")}
      </ButtonLink>
    );
  }
  return (
    <span className="dim" role="img" aria-label={t("not deployed")}>
      —
    </span>
  );
}
