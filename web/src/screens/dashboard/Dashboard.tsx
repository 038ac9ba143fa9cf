import { Anchor } from "@mantine/core";
import { IconRocket, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useRested } from "~/app/rested";
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

const Choose = lazy(() => import("./Choose"));

export default function Dashboard() {
  const space = useSpaceId();
  const [filter, setFilter] = useQueryWord("q");
  const [group, setGroup] = useQueryWord("projectGroupId");
  const [environments, setEnvironments] = useQueryWord("environmentIds");
  const [tenant, setTenant] = useQueryWord("tenantId");
  const [all, setAll] = useQueryWord("showAll");
  const [choosing, setChoosing] = useQueryWord("choose");
  const query = { ...(tenant ? { selectedTenants: tenant } : {}), ...(all ? { showAll: "true" } : {}) };
  const board = useGet("/api/{spaceId}/dashboard", {}, { query, keep: true });
  const rested = useRested();
  const shownIn = environments.split(",").filter(Boolean);
  const filtered = Boolean(filter || group || environments || tenant);
  const mayAdd = useMay("ProjectCreate");
  // Who has nothing yet is led through the first steps and has nothing to filter.
  const chosen = Boolean(board.data?.IsFiltered && !tenant);
  const begins = mayAdd && !filtered && !chosen && board.data && (board.data.Projects ?? []).length === 0;
  const add = mayAdd && (
    <ButtonLink variant={begins ? "default" : undefined} to={`${to.projects(space)}?add=project`}>
      {t("Add project…")}
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
                  onChoose={() => setChoosing("true", { push: true })}
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
      {(chosen || all) && (
        <p className="dim">
          {chosen ? t("This is what you have chosen to see.") : t("This is everything, not only what you have chosen.")}{" "}
          <Anchor component="button" type="button" onClick={() => setAll(chosen ? "true" : undefined)}>
            {chosen ? t("Show everything") : t("Show what I have chosen")}
          </Anchor>
        </p>
      )}
      <Read of={board} rows={10}>
        {(data) => {
          const groups = groupsOf(ofTenant(data, tenant), filter).filter((g) => !group || g.id === group);
          const columns = (data.Environments ?? []).filter((e) => shownIn.length === 0 || shownIn.includes(e.Id));
          const matrix = groups.length > 0 && <Matrix groups={groups} environments={columns} />;
          if (mayAdd && !filtered && !chosen && (data.Items ?? []).length === 0) {
            return (
              <Suspense>
                <FirstRun />
                {matrix}
              </Suspense>
            );
          }
          if (matrix) return matrix;
          if (filtered || chosen)
            return <EmptyState icon={IconSearch} title={t("No project matches these filters.")} />;
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
      {choosing && (
        <Suspense>
          <Choose onClose={() => setChoosing(undefined)} onSaved={() => setAll(undefined)} />
        </Suspense>
      )}
    </Page>
  );
}
