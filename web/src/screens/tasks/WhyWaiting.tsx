import { Alert } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Task } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";

type Why = { Waits: boolean; Sentences: string[]; Behind: string[] };

// WhyWaiting says why a task does not go on, and behind what it waits.
export function WhyWaiting({ task }: { task: Task }) {
  const space = useSpaceId();
  const query = useGet("/api/tasks/{id}/why", { id: task.Id });
  const why = query.data as Why | undefined;
  const behind = useGet("/api/tasks/{id}/queued-behind", { id: task.Id }, { enabled: (why?.Behind.length ?? 0) > 0 });
  // What waits for a person has a panel of its own.
  if (!why?.Waits || task.HasPendingInterruptions) return null;
  return (
    <Alert color="gray" variant="default" title={t("Why it waits")}>
      {why.Sentences.join(" ")}
      {why.Behind.length > 0 && (
        <ul style={{ margin: "4px 0 0", paddingLeft: 18 }}>
          {(behind.data?.Items ?? []).map((other) => (
            <li key={other.Id}>
              <Link to={to.task(other.SpaceId ?? space, other.Id)}>{other.Description}</Link>
            </li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
