// What the server's events stream tells (GET /api/{space}/ui/events).
import type { Wire } from "../wire";

export type TaskEvent = {
  Id: string;
  SpaceId: string | null;
  ProjectId?: string;
  EnvironmentId?: string;
  TenantId?: string;
  Name: string;
  Description: string;
  State: string;
  IsCompleted: boolean;
  IsPaused: boolean;
  HasWarningsOrErrors: boolean;
  PendingInterruptionTypes: string[];
  LogLines: number;
};

export type ResourceEvent = { Id: string; SpaceId: string | null; Kind: string; Change: string };

export type ActivityNode = {
  Id: string;
  Parent: string;
  Name: string;
  Status: string;
  Started: string | null;
  Ended: string | null;
  ProgressPercentage: number;
  ProgressMessage: string;
};

export type LogLine = Wire<"LogLine">;

export type StreamEvent =
  | { type: "ready"; data: { Node: string; Resumed: boolean } }
  | { type: "resync"; data: { Reason: string } }
  | { type: "drain"; data: Record<string, never> }
  | { type: "task"; data: TaskEvent }
  | { type: "resource" | "machine" | "interruption"; data: ResourceEvent }
  | { type: "activity"; data: { Task: string; ProgressPercentage: number; Whole: boolean; Nodes: ActivityNode[] } }
  | { type: "log"; data: { Task: string; From: number; Next: number; Ended: boolean; Lines: LogLine[] } };

export const eventTypes: StreamEvent["type"][] = [
  "ready",
  "resync",
  "drain",
  "task",
  "resource",
  "machine",
  "interruption",
  "activity",
  "log",
];

export type Status = "connecting" | "open" | "down";

// What pages say to the keeper of the stream, and what it says to them. Nothing
// that a page reads after `at` was taken is older than it. The first status that
// a page is told says that from there on it hears everything.
export type ToHub =
  | { kind: "want"; space: string; topics: string[]; at?: string }
  | { kind: "leave" }
  | { kind: "retry" };

export type FromHub =
  | { kind: "status"; space: string; status: Status }
  | { kind: "event"; space: string; event: StreamEvent; at: string };
