import { useGet, useSpaceId } from "~/api/query";
import type { Deployment, Environment, Project, Release, Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink, Link } from "~/ui/Link";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { taskLook } from "~/ui/status";
import classes from "./Phases.module.css";

type Props = { project: Project; release: Release };
type Phase = Wire<"PhaseProgression">;

// Phases shows how far a release has come on its way through its lifecycle.
export function Phases({ project, release }: Props) {
  const progression = useGet("/api/{spaceId}/releases/{id}/progression", { id: release.Id });
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const names = new Map((environments.data ?? []).map((e) => [e.Id, e]));
  return (
    <Read of={progression} rows={2}>
      {({ Phases: phases, NextDeployments }) => (
        <ol className={classes.phases}>
          {(phases ?? []).map((phase) => (
            <PhaseCard
              key={phase.Id}
              phase={phase}
              project={project}
              release={release}
              environments={names}
              next={NextDeployments ?? []}
            />
          ))}
        </ol>
      )}
    </Read>
  );
}

type CardProps = Props & { phase: Phase; environments: Map<string, Environment>; next: string[] };

function stateOf(phase: Phase): string {
  if (phase.Blocked) return t("Blocked");
  switch (phase.Progress) {
    case "Complete":
      return t("Complete");
    case "Current":
      return t("Current");
    default:
      return t("Not yet");
  }
}

function PhaseCard({ phase, project, release, environments, next }: CardProps) {
  const newest = new Map<string, { deployment: Deployment; task: Wire<"TaskDocument"> }>();
  for (const { Deployment: made, Task } of phase.Deployments ?? []) {
    const deployment = made as Deployment;
    const known = newest.get(deployment.EnvironmentId);
    if (Task && (!known || (known.deployment.Created ?? "") < (deployment.Created ?? ""))) {
      newest.set(deployment.EnvironmentId, { deployment, task: Task });
    }
  }
  return (
    <li className={`card ${classes.phase}`} data-current={phase.Progress === "Current" || undefined}>
      <div className={classes.head}>
        <h2>{phase.Name}</h2>
        <span className="dim">
          {stateOf(phase)}
          {phase.IsOptionalPhase && ` · ${t("optional")}`}
        </span>
      </div>
      <ul className={classes.environments}>
        {(phase.Environments ?? []).map((id) => {
          const there = newest.get(id);
          const name = environments.get(id)?.Name ?? id;
          return (
            <li key={id}>
              {name !== phase.Name && <span className={classes.name}>{name}</span>}
              {there && <Where project={project} release={release} {...there} />}
              <DeployLink
                project={project}
                release={release}
                id={id}
                name={name}
                offered={next.includes(id)}
                again={Boolean(there)}
              />
            </li>
          );
        })}
      </ul>
    </li>
  );
}

type WhereProps = Props & { deployment: Deployment; task: Wire<"TaskDocument"> };

function Where({ project, release, deployment, task }: WhereProps) {
  const space = useSpaceId();
  return (
    <>
      <Link to={to.deployment(space, project.Slug, release.Version, deployment.Id)} className={classes.chip}>
        <StatusChip look={taskLook(task)} />
      </Link>
      <DateTime at={task.CompletedTime ?? task.StartTime ?? task.QueueTime} />
    </>
  );
}

type DeployProps = Props & { id: string; name: string; offered: boolean; again: boolean };

function DeployLink({ project, release, id, name, offered, again }: DeployProps) {
  const space = useSpaceId();
  const may = useMay("DeploymentCreate", { project: project.Id, environment: id });
  if (!may || (!offered && !again)) return null;
  return (
    <ButtonLink
      className={classes.deploy}
      to={`${to.deploy(space, project.Slug, release.Version)}?environment=${id}`}
      variant="default"
      h={28}
      px={10}
      aria-label={again ? t("Redeploy to {name}", { name }) : t("Deploy to {name}", { name })}
    >
      {again ? t("Redeploy…") : t("Deploy…")}
    </ButtonLink>
  );
}
