import type { ReactNode } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import type { Crumb } from "~/ui/Page";
import { Read } from "~/ui/state";
import { TabLinks } from "~/ui/TabLinks";

export type Runbook = Wire<"Runbook">;
export type Snapshot = Wire<"RunbookSnapshot">;

type Props = { page: string; children: (project: Project, runbook: Runbook) => ReactNode };

// OfRunbook reads the project and the runbook that the address names.
export function OfRunbook({ page, children }: Props) {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = project.data?.Id ?? "";
  const runbook = useGet("/api/{spaceId}/projects/{id}/runbooks/{runbook}", { id, runbook: useParam("runbook") });
  return (
    <Read of={project} page={page}>
      {(p) => (
        <Read of={runbook} page={page}>
          {(r) => children(p, r)}
        </Read>
      )}
    </Read>
  );
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
        { to: to.snapshots(space, slug, name), label: t("Snapshots") },
        { to: to.runbookSettings(space, slug, name), label: t("Settings") },
      ]}
    />
  );
}
