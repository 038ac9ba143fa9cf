import { SegmentedControl } from "@mantine/core";
import { IconListDetails, IconPackage } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Star } from "~/ui/Star";
import { EmptyState, Read } from "~/ui/state";
import { ByTenant } from "./ByTenant";
import { ByChannel, channelsOf, Progression } from "./Progression";

// Nobody waits for it to see what is where.
const Recent = lazy(() => import("./Recent"));

export default function Overview() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project} page={t("Project")}>
      {(data) => <ProjectOverview project={data} />}
    </Read>
  );
}

function ProjectOverview({ project }: { project: Project }) {
  const space = useSpaceId();
  const id = project.Id;
  const progression = useGet("/api/{spaceId}/projects/{id}/progression", { id });
  const process = useGet(
    "/api/{spaceId}/projects/{id}/deploymentprocesses",
    { id },
    { enabled: !project.IsVersionControlled },
  );
  const mayRelease = useMay("ReleaseCreate", { project: id });
  const hasSteps = project.IsVersionControlled || (process.data?.Steps?.length ?? 0) > 0;
  const release = mayRelease && hasSteps && (
    <ButtonLink to={to.newRelease(space, project.Slug)}>{t("Create release…")}</ButtonLink>
  );
  const [groupBy, setGroupBy] = useQueryWord("groupBy");
  const ways = useWays(project, progression.data);
  const way = ways.find((w) => w.value.toLowerCase() === groupBy.toLowerCase())?.value ?? "";
  const grouping = ways.length > 1 && (
    <SegmentedControl
      aria-label={t("Rows")}
      data={ways}
      value={way}
      onChange={(value) => setGroupBy(value || undefined, { push: true })}
    />
  );
  return (
    <Page
      title={project.Name}
      beside={<Star project={project} />}
      actions={
        <>
          {grouping}
          {release}
        </>
      }
    >
      {project.Description && <p className="dim">{project.Description}</p>}
      <Suspense>
        <Recent project={project} />
      </Suspense>
      <Read of={progression}>
        {(data) => {
          const Shown = way === "Channel" ? ByChannel : way === "Tenant" ? ByTenant : Progression;
          if ((data.Releases ?? []).length > 0) return <Shown project={project} progression={data} />;
          if (process.isPending && !project.IsVersionControlled) return null;
          if (!hasSteps) {
            return (
              <EmptyState
                icon={IconListDetails}
                title={t("This project has no steps yet.")}
                hint={t("Its process says what is done to deploy it, step by step.")}
              >
                <ButtonLink to={to.process(space, project.Slug)}>{t("Describe the process")}</ButtonLink>
              </EmptyState>
            );
          }
          return (
            <EmptyState
              icon={IconPackage}
              title={t("There is no release of this project yet.")}
              hint={t(
                "A release holds the process, the variables and the versions of packages as they are now, to be deployed from environment to environment.",
              )}
            >
              {release}
            </EmptyState>
          );
        }}
      </Read>
    </Page>
  );
}

type Way = { value: string; label: string };

// useWays are the ways in which the overview of a project can be arranged.
function useWays(project: Project, progression: Wire<"ProjectProgression"> | undefined): Way[] {
  const maySee = useMay("TenantView");
  const ways = [{ value: "", label: t("Releases") }];
  if (progression && channelsOf(progression).length > 1) ways.push({ value: "Channel", label: t("By channel") });
  if (maySee && project.TenantedDeploymentMode !== "Untenanted") ways.push({ value: "Tenant", label: t("Tenants") });
  return ways;
}
