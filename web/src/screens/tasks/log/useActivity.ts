import { useMemo, useState } from "react";
import { useStream } from "~/api/live";
import { useGet } from "~/api/query";
import type { ActivityNode } from "~/api/stream/events";
import type { Wire } from "~/api/wire";

type Element = Wire<"Element">;

// flat gives the parts of a task without the tree that they are in.
export function flat(root: Element | null | undefined, parent = ""): ActivityNode[] {
  if (!root) return [];
  const me: ActivityNode = {
    Id: root.Id,
    Parent: parent,
    Name: root.Name,
    Status: root.Status,
    Started: root.Started,
    Ended: root.Ended,
    ProgressPercentage: root.ProgressPercentage,
    ProgressMessage: root.ProgressMessage,
  };
  return [me, ...((root.Children ?? []) as Element[]).flatMap((child) => flat(child, root.Id))];
}

// useActivity gives the parts of a task and how far each is, as it goes on.
export function useActivity(task: string, isOver: boolean) {
  const details = useGet("/api/tasks/{id}/details", { id: task }, { query: { tail: 1 } });
  const [news, setNews] = useState<{ of: unknown; nodes: Map<string, ActivityNode> }>({
    of: undefined,
    nodes: new Map(),
  });
  useStream(isOver ? [] : [`task:${task}`], (event) => {
    if (event.type !== "activity" || event.data.Task !== task) return;
    setNews((before) => {
      const nodes = event.data.Whole ? new Map<string, ActivityNode>() : new Map(before.nodes);
      for (const n of event.data.Nodes) nodes.set(n.Id, n);
      return { of: task, nodes };
    });
  });
  const nodes = useMemo(() => {
    const all = new Map(flat(details.data?.ActivityLog as Element | undefined).map((n) => [n.Id, n]));
    if (!isOver && news.of === task) for (const [id, n] of news.nodes) all.set(id, n);
    return [...all.values()];
  }, [details.data, news, isOver, task]);
  return { details, nodes };
}
