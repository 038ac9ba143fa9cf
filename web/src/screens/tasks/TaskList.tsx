import { Select } from "@mantine/core";
import { IconListCheck } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { SavedFilters } from "~/ui/SavedFilters";
import { EmptyState, Read } from "~/ui/state";
import { Pager } from "~/ui/Table";
import { TaskTable } from "./TaskTable";

const take = 30;

const states = [
  { value: "Queued,Executing,Cancelling", label: "Active" },
  { value: "Queued", label: "Queued" },
  { value: "Executing", label: "In progress" },
  { value: "Failed,TimedOut", label: "Failed" },
  { value: "Success", label: "Success" },
  { value: "Canceled", label: "Canceled" },
];

// TaskList is what is and was done in the space, or for the project that the
// address names.
export default function TaskList() {
  const space = useSpaceId();
  const slug = useParam("project");
  const project = useGet("/api/{spaceId}/projects/{id}", { id: slug });
  const [state, setState] = useQueryWord("states");
  const [type, setType] = useQueryWord("name");
  const [text, setText] = useQueryWord("partialName");
  const [pending, setPending] = useQueryWord("hasPendingInterruptions");
  const [skip] = useQueryWord("skip");
  const types = useGet("/api/tasks/tasktypes", {}, { staleTime: 600_000 });
  const query = {
    spaces: space,
    states: state || undefined,
    name: type || undefined,
    partialName: text || undefined,
    hasPendingInterruptions: pending || undefined,
    project: project.data?.Id,
    skip: skip || "0",
    take,
  };
  const tasks = useGet("/api/{spaceId}/tasks", {}, { query, keep: true, enabled: !slug || Boolean(project.data) });
  const mayRun = useMay("TaskCreate");
  const filtered = Boolean(state || type || text || pending);
  return (
    <Page
      title={t("Tasks")}
      actions={
        <>
          <Filter label={t("Filter by description")} value={text} onChange={setText} />
          <Select
            w={170}
            aria-label={t("State")}
            placeholder={t("Any state")}
            clearable
            data={[
              ...states.map((s) => ({ value: s.value, label: t(s.label) })),
              { value: "pending", label: t("Awaiting somebody") },
            ]}
            value={pending ? "pending" : state || null}
            onChange={(value) =>
              value === "pending" ? setPending("true") : pending ? setPending(undefined) : setState(value ?? undefined)
            }
          />
          <Select
            w={190}
            aria-label={t("Type")}
            placeholder={t("Any type")}
            clearable
            data={((types.data as { Id: string; Name: string }[] | undefined) ?? []).map((x) => ({
              value: x.Id,
              label: x.Name,
            }))}
            value={type || null}
            onChange={(value) => setType(value ?? undefined)}
          />
          <SavedFilters of="tasks" />
          {mayRun && !slug && (
            <ButtonLink variant="default" to={to.console(space)}>
              {t("Script console…")}
            </ButtonLink>
          )}
        </>
      }
    >
      <Read of={tasks}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconListCheck}
              title={
                filtered
                  ? t("No task matches these filters.")
                  : slug
                    ? t("Nothing has been done in this project yet.")
                    : t("Nothing has been done in this space yet.")
              }
            />
          ) : (
            <>
              <TaskTable label={t("Tasks")} what={t("Task")} tasks={Items} nodes />
              <Pager total={TotalResults} take={take} />
            </>
          )
        }
      </Read>
    </Page>
  );
}
