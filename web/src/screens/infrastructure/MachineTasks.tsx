import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { TaskTable } from "../tasks/TaskTable";

const take = 10;

// MachineTasks are the latest tasks that had to do with a target.
export function MachineTasks({ machine }: { machine: string }) {
  const tasks = useGet("/api/{spaceId}/machines/{id}/tasks", { id: machine }, { query: { take } });
  return (
    <Section title={t("Latest tasks")} flush>
      <Read of={tasks} rows={3}>
        {({ Items }) =>
          Items.length === 0 ? (
            <p className="dim" style={{ padding: "0 16px" }}>
              {t("Nothing has been done on it yet.")}
            </p>
          ) : (
            <TaskTable label={t("Latest tasks")} what={t("Task")} tasks={Items} />
          )
        }
      </Read>
    </Section>
  );
}
