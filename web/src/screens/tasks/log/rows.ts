// What of a log is shown: its lines under the parts of the task that wrote
// them, less what is folded or filtered out.
import type { ActivityNode, LogLine } from "~/api/stream/events";
import { plainOf } from "./ansi";

export type Level = "all" | "info" | "warning" | "error";

const loudness: Record<string, number> = { Verbose: 0, Info: 1, Highlight: 1, Wait: 1, Warning: 2, Error: 3, Fatal: 3 };
const least: Record<Level, number> = { all: 0, info: 1, warning: 2, error: 3 };

export const loud = (line: LogLine) => loudness[line.Category] ?? 1;

export type Row =
  | { kind: "head"; key: string; node: ActivityNode; title: string; lines: number; folded: boolean }
  | { kind: "line"; key: number; line: LogLine };

// ordered walks the parts of a task from the root down, in the order in which
// the server tells of them.
export function ordered(nodes: ActivityNode[]): ActivityNode[] {
  const children = new Map<string, ActivityNode[]>();
  const known = new Set(nodes.map((n) => n.Id));
  for (const n of nodes) {
    const parent = known.has(n.Parent) ? n.Parent : "";
    children.set(parent, [...(children.get(parent) ?? []), n]);
  }
  const walk = (id: string): ActivityNode[] => (children.get(id) ?? []).flatMap((n) => [n, ...walk(n.Id)]);
  return walk("");
}

// titleOf is the name of a part with those above it, less the task's own.
export function titleOf(node: ActivityNode, byId: Map<string, ActivityNode>): string {
  const names: string[] = [];
  for (let n: ActivityNode | undefined = node; n?.Parent; n = byId.get(n.Parent)) names.unshift(n.Name);
  if (names.length === 2 && names[1] === "Server") names.pop(); // it says nothing more
  return names.join(" · ") || node.Name;
}

export type Shown = { level: Level; folded: ReadonlySet<string> };

// rowsOf arranges lines under heads. Parts that wrote nothing have no head.
export function rowsOf(nodes: ActivityNode[], lines: LogLine[], { level, folded }: Shown): Row[] {
  const byId = new Map(nodes.map((n) => [n.Id, n]));
  const groups = new Map<string, LogLine[]>();
  for (const line of lines) {
    if (loud(line) < least[level]) continue;
    const group = groups.get(line.Node);
    if (group) group.push(line);
    else groups.set(line.Node, [line]);
  }
  const rows: Row[] = [];
  const add = (node: ActivityNode, of: LogLine[]) => {
    const isFolded = folded.has(node.Id);
    rows.push({ kind: "head", key: node.Id, node, title: titleOf(node, byId), lines: of.length, folded: isFolded });
    if (!isFolded) for (const line of of) rows.push({ kind: "line", key: line.Number, line });
  };
  for (const node of ordered(nodes)) {
    const of = groups.get(node.Id);
    groups.delete(node.Id);
    if (of) add(node, of);
  }
  // Lines may come before the part that they belong to is known.
  for (const [id, of] of groups) add(unknown(id, of), of);
  return rows;
}

const unknown = (id: string, [first]: LogLine[]): ActivityNode => ({
  Id: id,
  Parent: "",
  Name: first?.Target || id,
  Status: "Running",
  Started: first?.OccurredAt ?? null,
  Ended: null,
  ProgressPercentage: 0,
  ProgressMessage: "",
});

// matches gives the indexes of the rows whose text has a word.
export function matches(rows: Row[], word: string): number[] {
  const needle = word.toLowerCase();
  if (!needle) return [];
  return rows.flatMap((row, i) =>
    row.kind === "line" && plainOf(row.line.MessageText).toLowerCase().includes(needle) ? [i] : [],
  );
}

// errors gives the indexes of the first row of each run of errors.
export function errors(rows: Row[]): number[] {
  const isError = (row: Row | undefined) => row?.kind === "line" && loud(row.line) >= 3;
  return rows.flatMap((row, i) => (isError(row) && !isError(rows[i - 1]) ? [i] : []));
}

// step gives the index behind or before a place, round and round.
export function step(indexes: number[], from: number, back: boolean): number | undefined {
  if (indexes.length === 0) return undefined;
  if (back) return [...indexes].reverse().find((i) => i < from) ?? indexes[indexes.length - 1];
  return indexes.find((i) => i > from) ?? indexes[0];
}
