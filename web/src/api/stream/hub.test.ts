import { beforeEach, expect, test, vi } from "vitest";
import type { FromHub, StreamEvent } from "./events";
import { Hub, type Source, union } from "./hub";

class FakeSource implements Source {
  readyState = 0;
  private readonly hears = new Map<string, ((event: Event) => void)[]>();
  constructor(readonly url: string) {}
  addEventListener(type: string, hear: unknown) {
    this.hears.set(type, [...(this.hears.get(type) ?? []), hear as (event: Event) => void]);
  }
  close() {
    this.readyState = 2;
  }
  tell(type: StreamEvent["type"], data: object, id: string) {
    const event = new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id });
    for (const hear of this.hears.get(type) ?? []) hear(event);
  }
  fail(readyState: number) {
    this.readyState = readyState;
    for (const hear of this.hears.get("error") ?? []) hear(new Event("error"));
  }
}

let opened: FakeSource[];
let hub: Hub;

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  hub = new Hub("", (url) => {
    const source = new FakeSource(url);
    opened.push(source);
    return source;
  });
});

const last = () => opened[opened.length - 1] as FakeSource;
const topicsOf = (source: FakeSource) => new URL(source.url, "http://x").searchParams.get("topics");

test("logs that several pages follow are told from the earliest line that is lacking", () => {
  expect(union([["tasks", "task:T-1:log@40"], ["task:T-1:log@7", "tasks"], ["task:T-1"], ["task:T-2"]])).toEqual([
    "task:T-1:log@7",
    "task:T-2",
    "tasks",
  ]);
});

test("all pages share one connection, and hear of their own space only", () => {
  const heard: string[] = [];
  const page = (name: string) => hub.join((m: FromHub) => m.kind === "event" && heard.push(`${name} ${m.event.type}`));
  const a = page("a");
  const b = page("b");
  const c = page("c");
  a({ kind: "want", space: "Spaces-1", topics: ["tasks"] });
  b({ kind: "want", space: "Spaces-1", topics: ["machines"] });
  c({ kind: "want", space: "Spaces-2", topics: ["tasks"] });
  vi.runAllTimers();
  expect(opened.map((s) => s.url)).toEqual([
    "/api/Spaces-1/ui/events?topics=machines%2Ctasks",
    "/api/Spaces-2/ui/events?topics=tasks",
  ]);
  opened[0]?.tell("ready", { Node: "n", Resumed: false }, "1");
  expect(heard).toEqual(["a ready", "b ready"]);
  b({ kind: "leave" });
  c({ kind: "leave" });
  vi.runAllTimers();
  expect(opened[1]?.readyState).toBe(2);
  expect(topicsOf(last())).toBe("tasks");
});

test("who asks for other topics goes on behind the last event", () => {
  const say = hub.join(() => {});
  say({ kind: "want", space: "S", topics: ["tasks"] });
  vi.runAllTimers();
  last().tell("task", { Id: "T-1" }, "1.a.b");
  say({ kind: "want", space: "S", topics: ["tasks", "task:T-1:log@3"] });
  vi.runAllTimers();
  expect(new URL(last().url, "http://x").searchParams.get("after")).toBe("1.a.b");
  expect(opened[0]?.readyState).toBe(2);
});

test("a refused connection is tried again, later each time; a cut one is left to the browser", () => {
  const statuses: string[] = [];
  const say = hub.join((m) => m.kind === "status" && statuses.push(m.status));
  say({ kind: "want", space: "S", topics: ["tasks"] });
  vi.runAllTimers();
  last().tell("ready", { Node: "n", Resumed: false }, "1");
  last().fail(0);
  vi.advanceTimersByTime(60_000);
  expect(opened).toHaveLength(1);
  last().tell("ready", { Node: "n", Resumed: true }, "1");
  last().fail(2);
  vi.advanceTimersByTime(1000);
  expect(opened).toHaveLength(2);
  last().fail(2);
  vi.advanceTimersByTime(1999);
  expect(opened).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(opened).toHaveLength(3);
  expect(statuses).toEqual(["connecting", "open", "down", "open", "down"]);
});

test("a stream begins where its first page began to read, and goes on behind what was told", () => {
  const say = hub.join(() => {});
  const other = hub.join(() => {});
  say({ kind: "want", space: "S", topics: ["tasks"], at: "1.first" });
  other({ kind: "want", space: "S", topics: ["machines"], at: "1.later" });
  vi.runAllTimers();
  const after = () => new URL(last().url, "http://x").searchParams.get("after");
  expect(after()).toBe("1.first");
  last().tell("task", { Id: "T-1" }, "1.told");
  other({ kind: "leave" });
  vi.runAllTimers();
  expect(after()).toBe("1.told");
});
