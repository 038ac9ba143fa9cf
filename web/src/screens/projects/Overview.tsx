import { Switch } from "@mantine/core";
import { IconListDetails, IconPackage } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { ByChannel, channelsOf, Progression } from "./Progression";

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
  const byChannel = groupBy.toLowerCase() === "channel";
  const grouping = progression.data && channelsOf(progression.data).length > 1 && (
    <Switch
      label={t("By channel")}
      checked={byChannel}
      onChange={(e) => setGroupBy(e.currentTarget.checked ? "Channel" : undefined)}
    />
  );
  return (
    <Page
      title={project.Name}
      actions={
        <>
          {grouping}
          {release}
        </>
      }
    >
      {project.Description && <p className="dim">{project.Description}</p>}
      <Read of={progression}>
        {(data) => {
          const Shown = byChannel ? ByChannel : Progression;
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
