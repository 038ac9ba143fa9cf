import type { ReactNode } from "react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Page } from "~/ui/Page";
import { Facts, Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Table } from "~/ui/Table";

export default function BuildPage() {
  const build = useGet("/api/{spaceId}/build-information/{id}", { id: useParam("build") });
  return (
    <Read of={build} page={t("Build information")}>
      {(b) => <Shown build={b} />}
    </Read>
  );
}

// Outside is a link to another site, where its address is one.
function Outside({ to: address, children }: { to: string | null; children: ReactNode }) {
  if (!address || !/^https?:\/\//i.test(address)) return <>{children}</>;
  return (
    <a href={address} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function Shown({ build }: { build: Wire<"BuildInformation"> }) {
  const space = useSpaceId();
  const commits = build.Commits ?? [];
  const items = build.WorkItems ?? [];
  return (
    <Page
      title={t("{package} {version}", { package: build.PackageId, version: build.Version })}
      crumbs={[{ label: t("Build information"), to: to.builds(space) }, { label: build.PackageId }]}
    >
      <Facts
        of={[
          [
            t("Build"),
            <Outside key="b" to={build.BuildUrl}>
              {build.BuildNumber || build.BuildUrl}
            </Outside>,
          ],
          [t("By"), build.BuildEnvironment],
          [t("Branch"), build.Branch],
          [
            t("Commit"),
            build.VcsCommitNumber && (
              <Outside key="c" to={build.VcsCommitUrl}>
                {build.VcsCommitNumber.slice(0, 10)}
              </Outside>
            ),
          ],
          [t("Built"), <DateTime key="at" at={build.Created} className="" />],
        ]}
      />
      {commits.length > 0 && (
        <Section title={t("Commits")} flush>
          <Table label={t("Commits")} head={[t("Commit"), t("What")]}>
            {commits.map((c) => (
              <tr key={c.Id}>
                <th scope="row">
                  <Outside to={c.LinkUrl}>
                    <code>{c.Id.slice(0, 10)}</code>
                  </Outside>
                </th>
                <td>{c.Comment}</td>
              </tr>
            ))}
          </Table>
        </Section>
      )}
      {items.length > 0 && (
        <Section title={t("Work items")} flush>
          <Table label={t("Work items")} head={[t("Work item"), t("What")]}>
            {items.map((i) => (
              <tr key={i.Id}>
                <th scope="row">
                  <Outside to={i.LinkUrl}>{i.Id}</Outside>
                </th>
                <td>{i.Description}</td>
              </tr>
            ))}
          </Table>
        </Section>
      )}
    </Page>
  );
}
