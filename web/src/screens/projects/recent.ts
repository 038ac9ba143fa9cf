// How the latest deployments of a project went, for its overview.
import type { Task } from "~/api/wire";

type Ran = Pick<Task, "State" | "StartTime" | "CompletedTime">;

// tookOf is how long a task ran, in milliseconds.
export const tookOf = ({ StartTime, CompletedTime }: Ran): number =>
  StartTime && CompletedTime ? Math.max(0, Date.parse(CompletedTime) - Date.parse(StartTime)) : 0;

// heightOf is a bar's part of the whole height: the longest fills it, none
// vanishes. A root keeps the short ones apart where one took very long.
export function heightOf(took: number, longest: number): number {
  if (longest === 0) return 0.12;
  return Math.max(0.12, Math.sqrt(took / longest));
}

export type Figures = { succeeded: number; counted: number; usual: number | undefined };

// figuresOf count those that succeeded among those that came to an end by
// themselves; usual is how long a success takes, the one in the middle.
export function figuresOf(tasks: Ran[]): Figures {
  const good = tasks.filter((x) => x.State === "Success");
  const times = good.map(tookOf).sort((a, b) => a - b);
  return {
    succeeded: good.length,
    counted: tasks.filter((x) => ["Success", "Failed", "TimedOut"].includes(x.State)).length,
    usual: times[Math.floor(times.length / 2)],
  };
}
