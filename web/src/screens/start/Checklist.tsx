import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Loading } from "~/ui/state";
import { places } from "../infrastructure/places";
import classes from "./Checklist.module.css";
import { EnvironmentStep } from "./EnvironmentStep";
import { ProjectStep } from "./ProjectStep";
import { type Setup, type StepName, stateOf, useSetup } from "./progress";

// Checklist leads from an empty space to a first deployment. The step that is
// next is open; what is done says what there is.
export function Checklist({ children }: { children?: ReactNode }) {
  const setup = useSetup();
  if (!setup) return <Loading rows={5} />;
  const steps = stateOf(setup);
  const next = steps.find(([, done]) => !done)?.[0];
  const count = steps.filter(([, done]) => done).length;
  return (
    <div className={`card ${classes.list}`}>
      <header className={classes.head}>
        <p className={classes.lead}>
          {next
            ? t("From nothing to a first deployment: five steps, a few minutes.")
            : t("All done: the first deployment is made. The dashboard shows where it is.")}
        </p>
        <span className={classes.count}>
          <span className="dim number">{t("{n} of {all} done", { n: count, all: steps.length })}</span>
          {children}
        </span>
      </header>
      <ol className={classes.steps}>
        {steps.map(([name, done], i) => (
          <Row key={name} name={name} done={done} at={i + 1} open={name === next} setup={setup} />
        ))}
      </ol>
    </div>
  );
}

const titles: Record<StepName, string> = {
  environment: t("Add an environment"),
  place: t("Choose where steps run"),
  project: t("Add a project from a sample"),
  release: t("Create a release"),
  deploy: t("Deploy it"),
};

const hints: Record<StepName, string> = {
  environment: t("A stage that releases go through, such as Development, Test or Production."),
  place: t(
    "The server's own worker is switched off: add a machine that it reaches over SSH, or one that runs an agent.",
  ),
  project: t("A project holds the process, variables and releases of one deployable thing."),
  release: t("A release keeps the process, the variables and the versions of packages as they are now."),
  deploy: t("A deployment brings a release to an environment. You watch it as it runs."),
};

type RowProps = { name: StepName; done: boolean; at: number; open: boolean; setup: Setup };

function Row({ name, done, at, open, setup }: RowProps) {
  return (
    <li className={classes.step} aria-current={open ? "step" : undefined} data-done={done || undefined}>
      <span className={classes.mark} aria-hidden>
        {done ? <IconCheck size={15} stroke={2.5} /> : at}
      </span>
      <div className={classes.body}>
        <h2 className={classes.title}>
          {titles[name]}
          {done && <span className="visually-hidden"> {t("(done)")}</span>}
        </h2>
        {done ? (
          <p className="dim">{there(name, setup)}</p>
        ) : (
          open && (
            <>
              <p className="dim">{hints[name]}</p>
              <Doing name={name} setup={setup} />
            </>
          )
        )}
      </div>
    </li>
  );
}

// there says what there is of a step that is done.
function there(name: StepName, setup: Setup): ReactNode {
  switch (name) {
    case "environment":
      return <Environments setup={setup} />;
    case "place":
      return <Place setup={setup} />;
    case "project":
      return <ProjectLink setup={setup} />;
    case "release":
      return setup.release?.Version;
    default:
      return t("The first deployment is made.");
  }
}

function Environments({ setup }: { setup: Setup }) {
  const space = useSpaceId();
  return (
    <>
      {setup.environments.map((e) => e.Name).join(", ")} ·{" "}
      <Link to={`${places.environments(space)}?add=yes`}>{t("add another")}</Link>
    </>
  );
}

function Place({ setup }: { setup: Setup }) {
  const space = useSpaceId();
  return (
    <>
      {setup.targets > 0
        ? t("There are machines to deploy to, and the samples can run on this server too.")
        : t("Samples run on this server, by its own worker. Nothing has to be installed.")}{" "}
      <Link to={places.newTarget(space)}>{t("Add a machine of yours")}</Link>
    </>
  );
}

function ProjectLink({ setup: { project } }: { setup: Setup }) {
  const space = useSpaceId();
  if (!project) return null;
  return (
    <>
      <Link to={to.project(space, project.Slug)}>{project.Name}</Link> ·{" "}
      <Link to={to.process(space, project.Slug)}>{t("look at its process")}</Link>
    </>
  );
}

function Doing({ name, setup }: { name: StepName; setup: Setup }) {
  const space = useSpaceId();
  const { project, release, environments } = setup;
  switch (name) {
    case "environment":
      return <EnvironmentStep />;
    case "place":
      return <ButtonLink to={places.newTarget(space)}>{t("Add target…")}</ButtonLink>;
    case "project":
      return <ProjectStep tags={setup.tags} />;
    case "release":
      return project && <ButtonLink to={to.newRelease(space, project.Slug)}>{t("Create release…")}</ButtonLink>;
    case "deploy": {
      const first = environments[0];
      if (!project || !release || !first) return null;
      return (
        <ButtonLink to={`${to.deploy(space, project.Slug, release.Version)}?environment=${first.Id}`}>
          {t("Deploy {version} to {name}…", { version: release.Version, name: first.Name })}
        </ButtonLink>
      );
    }
  }
}
