import { Alert } from "@mantine/core";
import { useState } from "react";
import { refOf } from "~/api/branch";
import { request } from "~/api/client";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { EmptyState, Read } from "~/ui/state";
import { BranchChoice } from "../git/BranchBar";
import type { Execution, Place } from "../releases/deployment";
import { ExecutionForm } from "../releases/ExecutionForm";
import { PackageTable } from "../releases/PackageTable";
import { nameOf, type TemplatePackage } from "../releases/packages";
import { type Branched, type Runbook, runWords, useCrumbs } from "./useRunbook";

type Props = { project: Project; runbook: Runbook; on: Branched };

const one = "/api/{spaceId}/projects/{id}/{gitRef}/runbooks/{runbook}";

// RunInGit runs a runbook as it is on a branch now.
export function RunInGit({ project, runbook, on }: Props) {
  const params = { id: project.Id, gitRef: refOf(on.branch), runbook: runbook.Slug };
  const places = useGet(`${one}/runbookRunTemplate`, params);
  const needs = useGet(`${one}/runbookSnapshotTemplate`, params);
  const mayEdit = useMay("RunbookEdit", { project: project.Id });
  const title = t("Run {name}", { name: runbook.Name });
  const crumbs = useCrumbs(project, runbook, { label: t("Run") });
  const branch = <BranchChoice project={project} branch={on.branch} onChoose={on.choose} label={t("Branch")} />;
  if (on.branch !== project.PersistenceSettings.DefaultBranch && !mayEdit) {
    return (
      <Page title={title} crumbs={crumbs} narrow>
        <Section title={t("What")}>{branch}</Section>
        <EmptyState
          title={t("What is on this branch may be run only by who may change the runbook.")}
          hint={t("What is on the default branch is what was approved: choose that one.")}
        />
      </Page>
    );
  }
  return (
    <Read of={places} page={title}>
      {(where) => (
        <Read of={needs} page={title}>
          {({ Packages }) => (
            <RunForm
              project={project}
              runbook={runbook}
              on={on}
              title={title}
              crumbs={crumbs}
              places={where}
              packages={Packages ?? []}
            />
          )}
        </Read>
      )}
    </Read>
  );
}

type FormProps = Props & {
  title: string;
  crumbs: ReturnType<typeof useCrumbs>;
  places: Wire<"RunTemplate">;
  packages: TemplatePackage[];
};

function RunForm({ project, runbook, on, title, crumbs, places, packages }: FormProps) {
  const spaceId = useSpaceId();
  const go = useGo();
  const [chosen, choose] = useState<Record<string, string>>({});
  const page = to.runbook(spaceId, project.Slug, runbook.Slug);
  const params = { spaceId, id: project.Id, gitRef: refOf(on.branch), runbook: runbook.Slug };
  const foresee = ({ environment, tenant }: Place) =>
    tenant
      ? getOptions(`${one}/runbookRuns/preview/{environment}/{tenant}`, { ...params, environment, tenant })
      : getOptions(`${one}/runbookRuns/preview/{environment}`, { ...params, environment });
  const send = async (execution: Execution) => {
    const body = { ...commandOf(execution), Packages: packages.map((p) => overrideOf(p, chosen)).filter(Boolean) };
    const made = await request("post", `${one}/run/v1`, { params, body });
    return { Id: made.RunbookRunServerTasks?.[0]?.ServerTaskId ?? "" };
  };
  return (
    <ExecutionForm
      title={title}
      crumbs={crumbs}
      back={page}
      places={places}
      foresee={foresee as never}
      send={send}
      onMade={([only = "", ...more]) => go(more.length === 0 ? to.task(spaceId, only) : page)}
      words={runWords()}
      above={
        <>
          <Section title={t("What")}>
            <BranchChoice project={project} branch={on.branch} onChoose={on.choose} label={t("Branch")} />
            {on.branch !== project.PersistenceSettings.DefaultBranch && (
              <Alert variant="default">{t("This is not the default branch; only you run it.")}</Alert>
            )}
          </Section>
          {packages.length > 0 && (
            <Section title={t("Packages")} flush>
              <PackageTable packages={packages} channel={undefined} chosen={chosen} onChoose={choose} />
            </Section>
          )}
        </>
      }
    />
  );
}

// commandOf says what somebody has chosen in the words of the command that runs
// runbooks in Git.
function commandOf(x: Execution) {
  return {
    EnvironmentNames: [x.EnvironmentId],
    Tenants: x.TenantId ? [x.TenantId] : [],
    Variables: x.FormValues,
    SkipStepNames: x.SkipActions,
    SpecificMachineNames: x.SpecificMachineIds,
    ExcludedMachineNames: x.ExcludedMachineIds,
    UseGuidedFailure: x.UseGuidedFailure,
    ForcePackageDownload: x.ForcePackageDownload,
    RunAt: x.QueueTime,
    Notes: x.Comments,
  };
}

// overrideOf names the version of a step's package, "" if none is chosen.
function overrideOf(p: TemplatePackage, chosen: Record<string, string>): string {
  const version = chosen[nameOf(p)];
  if (!version) return "";
  return [p.ActionName, ...(p.PackageReferenceName ? [p.PackageReferenceName] : []), version].join(":");
}
