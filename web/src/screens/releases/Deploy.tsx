import { Button } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { request } from "~/api/client";
import { type ApiError, errorOf } from "~/api/error";
import { getOptions, useGet, useSpaceId } from "~/api/query";
import type { Project, Release, Wire } from "~/api/wire";
import { useGo, useParam, useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { EmptyState, Read } from "~/ui/state";
import classes from "./Deploy.module.css";
import { bodyOf, type Choice, keyOf, nothing, type Place, unanswered } from "./deployment";
import { Options } from "./Options";
import { PreviewCard } from "./PreviewCard";
import { Where } from "./Where";

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
              {(data) => <DeployForm project={p} release={r} template={data} />}
            </Read>
          )}
        </Read>
      )}
    </Read>
  );
}

// usePreviews asks what would happen at each place.
function usePreviews(release: Release, places: Place[]) {
  const spaceId = useSpaceId();
  return useQueries({
    queries: places.map(({ environment, tenant }) =>
      tenant
        ? getOptions("/api/{spaceId}/releases/{id}/deployments/preview/{environment}/{tenant}", {
            spaceId,
            id: release.Id,
            environment,
            tenant,
          })
        : getOptions("/api/{spaceId}/releases/{id}/deployments/preview/{environment}", {
            spaceId,
            id: release.Id,
            environment,
          }),
    ),
  });
}

type FormProps = { project: Project; release: Release; template: Wire<"DeploymentTemplate"> };

function DeployForm({ project, release, template }: FormProps) {
  const space = useSpaceId();
  const go = useGo();
  const [environment] = useQueryWord("environment");
  const offered = template.PromoteTo ?? [];
  const first = offered.find((e) => e.Id === environment);
  const [choice, setChoice] = useState<Choice>({
    ...nothing,
    places: first ? [{ environment: first.Id, tenant: "" }] : [],
  });
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const previews = usePreviews(release, choice.places);
  const change = (part: Partial<Choice>) => setChoice((before) => ({ ...before, ...part }));
  const lacking = choice.places.flatMap((place, i) => unanswered(place, previews[i]?.data?.Form, choice.values));
  const ready = choice.places.length > 0 && previews.every((p) => p.data && !p.data.Blocked) && lacking.length === 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    const made: string[] = [];
    try {
      for (const [i, place] of choice.places.entries()) {
        const body = bodyOf(release.Id, place, previews[i]?.data, choice);
        const { Id } = await request("post", "/api/{spaceId}/deployments", { params: { spaceId: space }, body });
        made.push(Id);
      }
      const [only] = made;
      if (only && made.length === 1) go(to.deployment(space, project.Slug, release.Version, only));
      else go(to.release(space, project.Slug, release.Version));
    } catch (thrown) {
      setRefusal(errorOf(thrown));
      // What was made is not made again by another try.
      change({ places: choice.places.slice(made.length) });
    } finally {
      setBusy(false);
    }
  };

  const names = choice.places.map((p) => offered.find((e) => e.Id === p.environment)?.Name ?? p.environment);
  const label =
    choice.places.length === 1
      ? t("Deploy to {name}", { name: names[0] ?? "" })
      : choice.places.length > 1
        ? many(choice.places.length, "Deploy", "Make {n} deployments")
        : t("Deploy");
  return (
    <form onSubmit={submit}>
      <Page
        title={t("Deploy {version}", { version: release.Version })}
        narrow
        crumbs={[
          { label: t("Releases"), to: to.releases(space, project.Slug) },
          { label: release.Version, to: to.release(space, project.Slug, release.Version) },
          { label: t("Deploy") },
        ]}
        actions={
          <>
            {lacking.length > 0 && (
              <span className={classes.lacking}>
                {t("Still to answer: {questions}", { questions: [...new Set(lacking)].join(", ") })}
              </span>
            )}
            <ButtonLink to={to.release(space, project.Slug, release.Version)} variant="default">
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={busy} disabled={!ready}>
              {label}
            </Button>
          </>
        }
      >
        <Refusal of={refusal} />
        {offered.length === 0 && (template.TenantPromotions ?? []).length === 0 ? (
          <EmptyState
            title={t("This release can go nowhere at present.")}
            hint={t("Its lifecycle asks for other environments first, or something blocks it. Its page shows what.")}
          />
        ) : (
          <>
            <Where template={template} places={choice.places} onPlaces={(places) => change({ places })} />
            {choice.places.map((place, i) => (
              <PreviewCard
                key={keyOf(place)}
                place={place}
                name={names[i] ?? ""}
                preview={previews[i]?.data}
                error={previews[i]?.error ?? null}
                choice={choice}
                onChange={change}
              />
            ))}
            {choice.places.length > 0 && (
              <Options choice={choice} previews={previews.map((p) => p.data)} onChange={change} />
            )}
          </>
        )}
      </Page>
    </form>
  );
}
