import type { ReactNode } from "react";
import { type Committed, useOnBranch } from "~/api/branch";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { type Crumb, Page } from "~/ui/Page";
import { EmptyState, ErrorState, Read } from "~/ui/state";
import { TabLinks } from "~/ui/TabLinks";
import { BranchBar, useProtected } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";

export type Runbook = Wire<"Runbook">;
export type Snapshot = Wire<"RunbookSnapshot">;

// Branched is a runbook as it is on a branch.
export type Branched = {
  branch: string;
  choose: (branch: string) => void;
  commit: (runbook: Committed<Runbook>, message: string) => Promise<Committed<Runbook>>;
  // bar says above a page which branch it is about, and leads to others.
  bar: ReactNode;
  // locked is a branch that takes no commits from here.
  locked: boolean;
};

type Props = {
  page: string;
  children: (project: Project, runbook: Runbook) => ReactNode;
  // inGit is the page of a runbook that is in its project's repository.
  inGit?: (project: Project, runbook: Committed<Runbook>, on: Branched) => ReactNode;
};

// areInGit says whether the runbooks of a project are on its branches.
export const areInGit = (project: Project) => Boolean(project.PersistenceSettings.ConversionState?.RunbooksAreInGit);

// OfRunbook reads the project and the runbook that the address names.
export function OfRunbook({ page, children, inGit }: Props) {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project} page={page}>
      {(p) =>
        inGit && areInGit(p) ? (
          <OnBranch project={p} page={page} inGit={inGit} />
        ) : (
          <Stored project={p} page={page}>
            {children}
          </Stored>
        )
      }
    </Read>
  );
}

type OfProject = { project: Project; page: string };

function Stored({ project, page, children }: OfProject & Pick<Props, "children">) {
  const params = { id: project.Id, runbook: useParam("runbook") };
  const runbook = useGet("/api/{spaceId}/projects/{id}/runbooks/{runbook}", params);
  return (
    <Read of={runbook} page={page}>
      {(r) => children(project, r)}
    </Read>
  );
}

function OnBranch({ project, page, inGit }: OfProject & Required<Pick<Props, "inGit">>) {
  const space = useSpaceId();
  const [branch, choose] = useBranch(project);
  const slug = useParam("runbook");
  const { query, commit } = useOnBranch("runbook", project.Id, branch, slug);
  const locked = useProtected(project, branch);
  const bar = <BranchBar project={project} branch={branch} onChoose={choose} />;
  if (query.error) {
    return (
      <Page title={page} crumbs={[{ label: t("Runbooks"), to: to.runbooks(space, project.Slug) }, { label: slug }]}>
        {bar}
        {query.error.missing ? (
          <EmptyState title={t("There is no such runbook on branch {branch}.", { branch })} />
        ) : (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Read of={query} page={page}>
      {(r) => inGit(project, r, { branch, choose, commit, bar, locked })}
    </Read>
  );
}

// countedAs is the id that the runs of a runbook are counted with; for one in
// Git that is not its own, and the same on all branches.
export function countedAs(runbook: Runbook): string {
  const { RunbookRuns = "" } = (runbook.Links ?? {}) as Record<string, string>;
  return new URLSearchParams(RunbookRuns.split("?")[1]).get("runbooks") ?? runbook.Id;
}

// useCrumbs lead to a runbook's pages.
export function useCrumbs(project: Project, runbook: Runbook, ...more: Crumb[]): Crumb[] {
  const space = useSpaceId();
  const own = { label: runbook.Name, to: more.length > 0 ? to.runbook(space, project.Slug, runbook.Slug) : undefined };
  return [{ label: t("Runbooks"), to: to.runbooks(space, project.Slug) }, own, ...more];
}

// RunbookTabs leads between the pages of a runbook.
export function RunbookTabs({ project, runbook }: { project: Project; runbook: Runbook }) {
  const space = useSpaceId();
  // As the address has it, so that the current one is known.
  const slug = decodeURIComponent(useParam("project") || project.Slug);
  const name = decodeURIComponent(useParam("runbook") || runbook.Slug);
  return (
    <TabLinks
      label={t("Pages of the runbook")}
      tabs={[
        { to: to.runbook(space, slug, name), label: t("Overview") },
        { to: to.runbookProcess(space, slug, name), label: t("Process") },
        ...(areInGit(project) ? [] : [{ to: to.snapshots(space, slug, name), label: t("Snapshots") }]),
        { to: to.runbookSettings(space, slug, name), label: t("Settings") },
      ]}
    />
  );
}

// runWords is what the form says that runs a runbook.
export const runWords = () => ({
  one: (name: string) => t("Run in {name}", { name }),
  several: (n: number) => many(n, "Run", "Make {n} runs"),
  none: t("Run"),
  nowhere: t("This runbook can run nowhere at present."),
  whyNowhere: t("Its settings say in which environments it runs, and your teams in which you may run it."),
});
