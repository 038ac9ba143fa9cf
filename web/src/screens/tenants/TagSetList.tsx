import { IconTags } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import { Views } from "../library/Views";
import { Tags } from "./tags";
import classes from "./tenants.module.css";

// TagSetList are the sets of tags by which tenants and other things are told
// apart.
export default function TagSetList() {
  const space = useSpaceId();
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  const mayAdd = useMay("TagSetCreate");
  const add = mayAdd && <ButtonLink to={to.tagSet(space, "new")}>{t("Add tag set…")}</ButtonLink>;
  return (
    <Page title={t("Tag sets")} actions={add}>
      <Views />
      <Read of={sets}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={IconTags}
              title={t("No tag sets yet.")}
              hint={t("A tag set holds tags such as Early or Late, by which tenants are chosen together.")}
            >
              {add}
            </EmptyState>
          ) : (
            <Table label={t("Tag sets")} head={[t("Tag set"), t("Tags"), t("For")]}>
              {all.map((s) => (
                <tr key={s.Id}>
                  <th scope="row">
                    <Link to={to.tagSet(space, s.Id)}>{s.Name}</Link>
                    {s.Description && <div className={classes.about}>{s.Description}</div>}
                  </th>
                  <td>
                    <Tags of={(s.Tags ?? []).map((x) => x.CanonicalTagName)} sets={[s]} />
                  </td>
                  <td className="dim">{(s.Scopes ?? []).map(scopeWord).join(", ")}</td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
    </Page>
  );
}

// scopeWord is what tags of a scope are given to.
export function scopeWord(scope: string): string {
  const words: Record<string, string> = {
    Tenant: t("Tenants"),
    Environment: t("Environments"),
    Project: t("Projects"),
    Runbook: t("Runbooks"),
    Target: t("Targets"),
  };
  return words[scope] ?? scope;
}
