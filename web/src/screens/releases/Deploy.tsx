import { request } from "~/api/client";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { Read } from "~/ui/state";
import type { Place } from "./deployment";
import { ExecutionForm } from "./ExecutionForm";
import type { Places } from "./Where";

export default function Deploy() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = project.data?.Id ?? "";
  const release = useGet("/api/{spaceId}/projects/{id}/releases/{version}", { id, version: useParam("version") });
  const template = useGet("/api/{spaceId}/releases/{id}/deployments/template", { id: release.data?.Id ?? "" });
  return (
    <Read of={project} page={t("Deploy")}>
      {(p) => (
        <Read of={release} page={t("Deploy")}>
          {(r) => (
            <Read of={template} page={t("Deploy")}>
              {(data) => <DeployForm project={p} release={r} places={data} />}
            </Read>
          )}
        </Read>
      )}
    </Read>
  );
}

function DeployForm({ project, release, places }: { project: Project; release: Release; places: Places }) {
  const spaceId = useSpaceId();
  const go = useGo();
  const page = to.release(spaceId, project.Slug, release.Version);
  const id = release.Id;
  const at = "/api/{spaceId}/releases/{id}/deployments/preview/{environment}";
  const foresee = ({ environment, tenant }: Place, queueTime?: string) =>
    tenant
      ? getOptions(`${at}/{tenant}`, { spaceId, id, environment, tenant }, { query: { queueTime } })
      : getOptions(at, { spaceId, id, environment }, { query: { queueTime } });
  return (
    <ExecutionForm
      title={t("Deploy {version}", { version: release.Version })}
      crumbs={[
        { label: t("Releases"), to: to.releases(spaceId, project.Slug) },
        { label: release.Version, to: page },
        { label: t("Deploy") },
      ]}
      back={page}
      places={places}
      foresee={foresee as never}
      send={(execution) =>
        request("post", "/api/{spaceId}/deployments", { params: { spaceId }, body: { ReleaseId: id, ...execution } })
      }
      onMade={([only = "", ...more]) =>
        go(more.length === 0 ? to.deployment(spaceId, project.Slug, release.Version, only) : page)
      }
      words={{
        one: (name) => t("Deploy to {name}", { name }),
        several: (n) => many(n, "Deploy", "Make {n} deployments"),
        none: t("Deploy"),
        nowhere: t("This release can go nowhere at present."),
        whyNowhere: t("Its lifecycle asks for other environments first, or something blocks it. Its page shows what."),
      }}
    />
  );
}
