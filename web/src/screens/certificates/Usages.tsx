import { useGet, useSpaceId } from "~/api/query";
import { to } from "~/app/to";
import { t } from "~/text/t";
import form from "~/ui/form/form.module.css";
import { Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "../infrastructure/places";

type Item = { Id: string; Name: string; Slug?: string };

// Usages are what uses a certificate.
export function Usages({ id }: { id: string }) {
  const space = useSpaceId();
  // What uses it changes elsewhere, without a change of the certificate.
  const usages = useGet("/api/{spaceId}/certificates/{id}/usages", { id }, { refetchInterval: 5000 });
  return (
    <Section title={t("Used by")}>
      <Read of={usages} rows={2}>
        {(u) => {
          const groups: [string, Item[], (item: Item) => string][] = [
            [t("Project"), (u.ProjectUsages ?? []) as Item[], (i) => to.variables(space, i.Slug ?? i.Id)],
            [t("Variable set"), (u.LibraryVariableSetUsages ?? []) as Item[], (i) => to.variableSet(space, i.Id)],
            [t("Tenant"), (u.TenantUsages ?? []) as Item[], (i) => `/${space}/tenants/${i.Id}/overview`],
            [t("Target"), (u.DeploymentTargetUsages ?? []) as Item[], (i) => places.target(space, i.Id)],
          ];
          const all = groups.flatMap(([kind, items, place]) => items.map((item) => ({ kind, item, at: place(item) })));
          if (all.length === 0) return <p className="dim">{t("Nothing uses it.")}</p>;
          return (
            <ul className={form.plain}>
              {all.map(({ kind, item, at }) => (
                <li key={item.Id}>
                  <span className="dim">{kind}</span> <Link to={at}>{item.Name}</Link>
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
    </Section>
  );
}
