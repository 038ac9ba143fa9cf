import { TextInput } from "@mantine/core";
import { IconRocket, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useStream } from "~/api/live";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Matrix } from "./Matrix";
import { groupsOf } from "./matrix";

// Only until something has been deployed.
const FirstRun = lazy(() => import("../start/FirstRun"));

export default function Dashboard() {
  const space = useSpaceId();
  const board = useGet("/api/{spaceId}/dashboard", {});
  const [filter, setFilter] = useQueryWord("q");
  const mayAdd = useMay("ProjectCreate");
  // The server gathers what is stale; the cache reads it anew.
  useStream(["dashboard"], () => {});
  const add = mayAdd && <ButtonLink to={`${to.projects(space)}?add=project`}>{t("Add project")}</ButtonLink>;
  return (
    <Page
      title={t("Dashboard")}
      actions={
        <>
          <TextInput
            type="search"
            w={200}
            placeholder={t("Filter projects")}
            aria-label={t("Filter projects")}
            leftSection={<IconSearch size={15} />}
            value={filter}
            onChange={(e) => setFilter(e.currentTarget.value)}
          />
          {add}
        </>
      }
    >
      <Read of={board} rows={10}>
        {(data) => {
          const groups = groupsOf(data, filter);
          const matrix = groups.length > 0 && <Matrix groups={groups} environments={data.Environments ?? []} />;
          if (mayAdd && !filter && (data.Items ?? []).length === 0) {
            return (
              <Suspense>
                <FirstRun />
                {matrix}
              </Suspense>
            );
          }
          if (matrix) return matrix;
          if (filter)
            return <EmptyState icon={IconSearch} title={t("No project has “{filter}” in its name.", { filter })} />;
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
