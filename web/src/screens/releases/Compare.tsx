import { Select } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { changes, moved } from "~/ui/draft/merge";
import { Markdown } from "~/ui/Markdown";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import { StepDiff } from "../process/Review";
import { VariableDiff } from "../variables/Changes";
import { scopeWords } from "../variables/sheet";
import type { Variable } from "../variables/variables";
import classes from "./Compare.module.css";
import { packageChanges } from "./compare";

// Compare shows what is new in one release against another: its packages, its
// process and its variables.
export default function Compare() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = project.data?.Id ?? "";
  const release = useGet("/api/{spaceId}/projects/{id}/releases/{version}", { id, version: useParam("version") });
  const list = useGet("/api/{spaceId}/projects/{id}/releases", { id }, { query: { take: 200 } });
  return (
    <Read of={project} page={t("Compare")}>
      {(p) => (
        <Read of={release} page={t("Compare")}>
          {(r) => (
            <Read of={list} page={t("Compare")}>
              {({ Items }) => <Chosen project={p} release={r} all={Items} />}
            </Read>
          )}
        </Read>
      )}
    </Read>
  );
}

type ChosenProps = { project: Project; release: Release; all: Release[] };

// Chosen compares with the release that the address names, or with the one that
// was made before this one.
function Chosen({ project, release, all }: ChosenProps) {
  const space = useSpaceId();
  const go = useGo();
  const named = useParam("other");
  const earlier = all[all.findIndex((r) => r.Id === release.Id) + 1];
  const version = named || earlier?.Version || "";
  const known = all.find((r) => r.Version === version);
  const read = useGet("/api/{spaceId}/projects/{id}/releases/{version}", {
    id: project.Id,
    version: known ? "" : version,
  });
  const other = known ?? read.data;
  const choices = all.filter((r) => r.Id !== release.Id).map((r) => r.Version);
  return (
    <Page
      title={t("Compare releases")}
      crumbs={[
        { label: t("Releases"), to: to.releases(space, project.Slug) },
        { label: release.Version, to: to.release(space, project.Slug, release.Version) },
        { label: t("Compare") },
      ]}
    >
      <div className={classes.which}>
        <Select
          label={t("From")}
          w={220}
          searchable
          allowDeselect={false}
          data={version && !choices.includes(version) ? [version, ...choices] : choices}
          value={version || null}
          onChange={(v) => v && go(to.compare(space, project.Slug, release.Version, v), { replace: true })}
        />
        <IconArrowRight size={18} aria-hidden />
        <Select
          label={t("To")}
          w={220}
          searchable
          allowDeselect={false}
          data={[release.Version, ...choices]}
          value={release.Version}
          onChange={(v) => v && go(to.compare(space, project.Slug, v, version), { replace: true })}
        />
      </div>
      {other ? (
        <Compared before={other} after={release} />
      ) : version ? (
        <Read of={read}>{() => null}</Read>
      ) : (
        <EmptyState title={t("There is no other release to compare this one with.")} />
      )}
    </Page>
  );
}

type ComparedProps = { before: Release; after: Release };

function Compared({ before, after }: ComparedProps) {
  const packages = packageChanges(before, after);
  return (
    <>
      <Part title={t("Packages")} count={packages.length}>
        <Table label={t("Packages")} head={[t("Step"), t("Package reference"), before.Version, after.Version]}>
          {packages.map((p) => (
            <tr key={`${p.step} ${p.reference}`}>
              <th scope="row">{p.step}</th>
              <td>{p.reference || "—"}</td>
              <td className="number">{p.before || <span className="dim">{t("not there")}</span>}</td>
              <td className="number">{p.after || <span className="dim">{t("not there")}</span>}</td>
            </tr>
          ))}
        </Table>
      </Part>
      <Process before={before} after={after} />
      <Variables before={before} after={after} />
      {after.ReleaseNotes && (
        <Section title={t("Notes of {version}", { version: after.Version })}>
          <Markdown text={after.ReleaseNotes} />
        </Section>
      )}
    </>
  );
}

type PartProps = { title: string; count: number; children: ReactNode };

function Part({ title, count, children }: PartProps) {
  if (count === 0) {
    return (
      <section className={`card ${classes.same}`}>
        <h2>{title}</h2>
        <span className="dim">{t("the same")}</span>
      </section>
    );
  }
  return (
    <Section title={title} flush beside={<span className="dim">{many(count, "1 difference", "{n} differences")}</span>}>
      {children}
    </Section>
  );
}

function Process({ before, after }: ComparedProps) {
  const may = useMay("ProcessView", { project: after.ProjectId });
  const path = "/api/{spaceId}/deploymentprocesses/{id}";
  const enabled = may;
  const old = useGet(path, { id: before.ProjectDeploymentProcessSnapshotId }, { enabled });
  const now = useGet(path, { id: after.ProjectDeploymentProcessSnapshotId }, { enabled });
  if (!may) return null;
  return (
    <Read of={old} rows={2}>
      {(a) => (
        <Read of={now} rows={2}>
          {(b) => {
            const [left, right] = [a.Steps ?? [], b.Steps ?? []];
            const found = changes(left, right);
            const order = moved(left, right);
            return (
              <Part title={t("Process")} count={found.length + (order ? 1 : 0)}>
                <div className={classes.changes}>
                  {order && (
                    <p>{t("The order of steps is now: {names}.", { names: right.map((s) => s.Name).join(", ") })}</p>
                  )}
                  {found.map((c) => (
                    <section key={c.id}>
                      <h3>
                        {(c.after ?? c.before)?.Name} <Fate before={c.before} after={c.after} />
                      </h3>
                      <StepDiff before={c.before} after={c.after} />
                    </section>
                  ))}
                </div>
              </Part>
            );
          }}
        </Read>
      )}
    </Read>
  );
}

function Variables({ before, after }: ComparedProps) {
  const may = useMay("VariableView", { project: after.ProjectId });
  const path = "/api/{spaceId}/variables/{id}";
  const enabled = may;
  const old = useGet(path, { id: before.ProjectVariableSetSnapshotId }, { enabled });
  const now = useGet(path, { id: after.ProjectVariableSetSnapshotId }, { enabled });
  if (!may) return null;
  return (
    <Read of={old} rows={2}>
      {(a) => (
        <Read of={now} rows={2}>
          {(b) => {
            const found = changes<Variable>(a.Variables ?? [], b.Variables ?? []);
            return (
              <Part title={t("Variables")} count={found.length}>
                <div className={classes.changes}>
                  {found.map((c) => {
                    const shown = (c.after ?? c.before) as Variable;
                    return (
                      <section key={c.id}>
                        <h3>
                          <code>{shown.Name}</code>{" "}
                          <span className="dim">{scopeWords(b.ScopeValues, shown.Scope) || t("everywhere")}</span>{" "}
                          <Fate before={c.before} after={c.after} />
                        </h3>
                        <VariableDiff before={c.before} after={c.after} values={b.ScopeValues} />
                      </section>
                    );
                  })}
                </div>
              </Part>
            );
          }}
        </Read>
      )}
    </Read>
  );
}

// Fate says whether something was added or taken away.
function Fate({ before, after }: { before: unknown; after: unknown }) {
  if (!before) return <span className={classes.added}>{t("added")}</span>;
  if (!after) return <span className={classes.removed}>{t("removed")}</span>;
  return null;
}
