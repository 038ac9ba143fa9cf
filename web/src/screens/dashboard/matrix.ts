// Arranges the dashboard's document: projects by group, and in each cell what
// somebody should see first.
import type { Dashboard, Wire } from "~/api/wire";

export type BoardItem = Wire<"BoardItem">;
export type BoardProject = Wire<"BoardProject">;

export type Cell = { item: BoardItem; count: number };
export type Row = { project: BoardProject; cells: Map<string, Cell> };
export type Group = { id: string; name: string; rows: Row[] };

// Ranked is what cells are chosen by: deployments and runs have it alike.
export type Ranked = Pick<BoardItem, "IsCompleted" | "State" | "Created">;

const rank = (i: Ranked) =>
  !i.IsCompleted && i.State !== "Queued" ? 3 : i.State === "Failed" || i.State === "TimedOut" ? 2 : 1;

// first chooses what a cell shows where it holds several, one a tenant: what
// runs, then what failed, then the newest.
export function first<T extends Ranked>(items: T[]): T | undefined {
  return [...items].sort((a, b) => rank(b) - rank(a) || (b.Created ?? "").localeCompare(a.Created ?? ""))[0];
}

// ofTenant leaves the projects that a tenant is connected with; "" leaves all.
export function ofTenant(board: Dashboard, tenant: string): Dashboard {
  const connected = board.Tenants?.find((x) => x.Id === tenant)?.ProjectEnvironments;
  if (!connected) return board;
  return { ...board, Projects: (board.Projects ?? []).filter((p) => connected[p.Id]) };
}

const contains = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

// groupsOf arranges those projects whose name, or group's name, has a text.
export function groupsOf(board: Dashboard, filter = ""): Group[] {
  const items = new Map<string, BoardItem[]>();
  for (const item of board.Items ?? []) {
    const key = `${item.ProjectId} ${item.EnvironmentId}`;
    items.set(key, [...(items.get(key) ?? []), item]);
  }
  const row = (project: BoardProject): Row => {
    const cells = new Map<string, Cell>();
    for (const environment of board.Environments ?? []) {
      const here = items.get(`${project.Id} ${environment.Id}`) ?? [];
      const item = first(here);
      if (item) cells.set(environment.Id, { item, count: here.length });
    }
    return { project, cells };
  };
  return (board.ProjectGroups ?? [])
    .map((group) => ({
      id: group.Id,
      name: group.Name,
      rows: (board.Projects ?? [])
        .filter((p) => p.ProjectGroupId === group.Id)
        .filter((p) => contains(p.Name, filter) || contains(group.Name, filter))
        .map(row),
    }))
    .filter((group) => group.rows.length > 0);
}
