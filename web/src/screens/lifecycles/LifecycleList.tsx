import { IconPlus, IconRoute } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Lifecycle } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { Views } from "~/screens/library/Views";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Table } from "~/ui/Table";
import classes from "./lifecycles.module.css";

// LifecycleList are the ways of releases through environments.
export default function LifecycleList() {
  const space = useSpaceId();
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const mayAdd = useMay("LifecycleCreate");
  const add = mayAdd && (
    <ButtonLink to={to.lifecycle(space, "create")} leftSection={<IconPlus size={16} />}>
      {t("Add lifecycle…")}
    </ButtonLink>
  );
  return (
    <Page title={t("Lifecycles")} actions={add}>
      <Views />
      <Read of={lifecycles}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={IconRoute}
              title={t("No lifecycles yet.")}
              hint={t("A lifecycle says in which order a release goes through environments.")}
            >
              {add}
            </EmptyState>
          ) : (
            <Table label={t("Lifecycles")} head={[t("Name"), t("Phases")]}>
              {all.map((l) => (
                <tr key={l.Id}>
                  <th scope="row">
                    <Link to={to.lifecycle(space, l.Id)}>{l.Name}</Link>
                    {l.Description && <div className="dim">{l.Description}</div>}
                  </th>
                  <td>
                    <Way lifecycle={l} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
    </Page>
  );
}

function Way({ lifecycle }: { lifecycle: Lifecycle }) {
  const phases = lifecycle.Phases ?? [];
  if (phases.length === 0) return <span className="dim">{t("All environments, in their order")}</span>;
  return (
    <ol className={classes.way}>
      {phases.map((p) => (
        <li key={p.Id}>
          {p.Name}
          {p.IsOptionalPhase && <span className="dim"> {t("optional")}</span>}
        </li>
      ))}
    </ol>
  );
}
