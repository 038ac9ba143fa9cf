// All areas there are: the folders below screens/.
import type { Area } from "./area";

const found = import.meta.glob<{ default: Area }>("../screens/*/area.ts", { eager: true });

export const areas: Area[] = Object.values(found).map((m) => m.default);

const entries = (of: "space" | "project" | "system") =>
  areas.flatMap((a) => a[of] ?? []).sort((a, b) => a.order - b.order);

export const spaceEntries = entries("space");
export const projectEntries = entries("project");
export const systemEntries = entries("system");
