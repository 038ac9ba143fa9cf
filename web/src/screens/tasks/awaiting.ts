import type { ActivityNode } from "~/api/stream/events";

const stepOf = (id: string) => id.replace(/[.@].*$/, "");

// awaiting marks the parts of a task that run no longer because they ask
// somebody. A question names the action that asks, such as
// ServerTasks-9/3.1@#1, which lies in the step ServerTasks-9/3.
export function awaiting(nodes: ActivityNode[], questions: string[]): ActivityNode[] {
  const asked = new Set(questions.map(stepOf));
  const asks = ({ Id, Status }: ActivityNode) =>
    Status === "Running" && asked.has(stepOf(Id)) && (Id === stepOf(Id) || Id.endsWith("@server"));
  return nodes.map((n) => (asks(n) ? { ...n, Status: "Awaiting" } : n));
}
