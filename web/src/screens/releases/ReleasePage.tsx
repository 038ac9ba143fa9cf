import { useGet, useSpaceId } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { ButtonLink } from "~/ui/Link";
import { Markdown } from "~/ui/Markdown";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Defects } from "./Defects";
import { History } from "./History";
import { Packages } from "./Packages";
import { Phases } from "./Phases";
import { ReleaseMenu } from "./ReleaseMenu";

export default function ReleasePage() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = project.data?.Id ?? "";
  const release = useGet("/api/{spaceId}/projects/{id}/releases/{version}", { id, version: useParam("version") });
  return (
    <Read of={project} page={t("Release")}>
      {(p) => (
        <Read of={release} page={t("Release")}>
          {(r) => <Shown project={p} release={r} />}
        </Read>
      )}
    </Read>
  );
}

function Shown({ project, release }: { project: Project; release: Release }) {
  const space = useSpaceId();
  const mayDeploy = useMay("DeploymentCreate", { project: project.Id });
  const channel = useGet("/api/{spaceId}/channels/{id}", { id: release.ChannelId });
  return (
    <Page
      title={t("Release {version}", { version: release.Version })}
      crumbs={[{ label: t("Releases"), to: to.releases(space, project.Slug) }, { label: release.Version }]}
      actions={
        <>
          <ButtonLink variant="default" to={to.compare(space, project.Slug, release.Version, "")}>
            {t("Compare…")}
          </ButtonLink>
          {mayDeploy && <ButtonLink to={to.deploy(space, project.Slug, release.Version)}>{t("Deploy…")}</ButtonLink>}
          <ReleaseMenu project={project} release={release} />
        </>
      }
    >
      <Facts
        of={[
          [t("Channel"), channel.data?.Name],
          [t("Created"), <DateTime key="at" at={release.Assembled} className="" />],
          [t("By"), release.LastModifiedBy],
          ...Object.entries(release.CustomFields ?? {}).filter(([, value]) => value),
        ]}
      />
      <Defects release={release} />
      <Phases project={project} release={release} />
      {release.ReleaseNotes && (
        <Section title={t("Release notes")}>
          <Markdown text={release.ReleaseNotes} />
        </Section>
      )}
      <Packages release={release} project={project} />
      <History project={project} release={release} />
    </Page>
  );
}
