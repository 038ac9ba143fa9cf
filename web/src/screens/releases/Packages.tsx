import { useGet } from "~/api/query";
import type { Project, Release } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Section } from "~/ui/Section";
import { Table } from "~/ui/Table";

// Packages are those of a release with their versions. Which package a step
// takes stands in the process as it was when the release was made.
export function Packages({ project, release }: { project: Project; release: Release }) {
  const chosen = release.SelectedPackages ?? [];
  const enabled = useMay("ProcessView", { project: project.Id }) && chosen.length > 0;
  const id = release.ProjectDeploymentProcessSnapshotId;
  const process = useGet("/api/{spaceId}/deploymentprocesses/{id}", { id }, { enabled });
  const actions = (process.data?.Steps ?? []).flatMap((s) => s.Actions ?? []);
  const packageOf = ({ ActionName, PackageReferenceName: name }: (typeof chosen)[number]) =>
    actions.find((a) => a.Name === ActionName)?.Packages?.find((p) => p.Name === (name ?? ""))?.PackageId ?? "";
  if (chosen.length === 0) return null;
  return (
    <Section title={t("Packages")} flush>
      <Table label={t("Packages")} head={[t("Step"), t("Package"), t("Version")]}>
        {chosen.map((p) => (
          <tr key={`${p.ActionName} ${p.PackageReferenceName}`}>
            <th scope="row">{p.StepName || p.ActionName}</th>
            <td>
              {packageOf(p)}
              {p.PackageReferenceName && <span className="dim"> ({p.PackageReferenceName})</span>}
            </td>
            <td className="number">{p.Version}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
