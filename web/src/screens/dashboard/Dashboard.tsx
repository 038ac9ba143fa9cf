import { IconRocket, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Matrix } from "./Matrix";
import { groupsOf, ofTenant } from "./matrix";

// Only until something has been deployed.
const FirstRun = lazy(() => import("../start/FirstRun"));

const Filters = lazy(() => import("./Filters"));

// useRested is true once the browser has nothing else to do: nobody waits for
// the filters to see what is where.
function useRested(): boolean {
  const [rested, set] = useState(false);
  useEffect(() => {
    const rest = globalThis.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 300));
    const id = rest(() => set(true));
    return () => (globalThis.cancelIdleCallback ?? clearTimeout)(id as number);
  }, []);
  return rested;
}

export default function Dashboard() {
  const space = useSpaceId();
  const [filter, setFilter] = useQueryWord("q");
  const [group, setGroup] = useQueryWord("projectGroupId");
  const [environments, setEnvironments] = useQueryWord("environmentIds");
  const [tenant, setTenant] = useQueryWord("tenantId");
  const query = tenant ? { selectedTenants: tenant } : {};
  const board = useGet("/api/{spaceId}/dashboard", {}, { query, keep: true });
  const rested = useRested();
  const shownIn = environments.split(",").filter(Boolean);
  const filtered = Boolean(filter || group || environments || tenant);
  const mayAdd = useMay("ProjectCreate");
  // Who has nothing yet is led through the first steps and has nothing to filter.
  const begins = mayAdd && !filtered && board.data && (board.data.Projects ?? []).length === 0;
  const add = mayAdd && (
    <ButtonLink variant={begins ? "default" : undefined} to={`${to.projects(space)}?add=project`}>
      {t("Add project")}
    </ButtonLink>
  );
  return (
    <Page
      title={t("Dashboard")}
      actions={
        begins ? (
          add
        ) : (
          <>
            <Filter label={t("Filter projects")} value={filter} onChange={setFilter} />
            {board.data && rested && (
              <Suspense>
                <Filters
                  board={board.data}
                  filter={{ group, environments: shownIn, tenant }}
                  onFilter={(change) => {
                    if (change.group !== undefined) setGroup(change.group);
                    if (change.environments) setEnvironments(change.environments.join(","));
                    if (change.tenant !== undefined) setTenant(change.tenant);
                  }}
                />
              </Suspense>
            )}
            {add}
          </>
        )
      }
    >
      <Read of={board} rows={10}>
        {(data) => {
          const groups = groupsOf(ofTenant(data, tenant), filter).filter((g) => !group || g.id === group);
          const columns = (data.Environments ?? []).filter((e) => shownIn.length === 0 || shownIn.includes(e.Id));
          const matrix = groups.length > 0 && <Matrix groups={groups} environments={columns} />;
          if (mayAdd && !filtered && (data.Items ?? []).length === 0) {
            return (
              <Suspense>
                <FirstRun />
                {matrix}
              </Suspense>
            );
          }
          if (matrix) return matrix;
          if (filtered) return <EmptyState icon={IconSearch} title={t("No project matches these filters.")} />;
          return (
            <EmptyState
              icon={IconRocket}
              title={t("Nothing has been deployed in this space yet.")}
              hint={t("Add a project, describe its steps, make a release of it and deploy that. It then shows here.")}
            >
              {add}
            </EmptyState>
          );
        }}
      </Read>
    </Page>
  );
}
