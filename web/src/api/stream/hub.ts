// The keeper of the browser's connection to the events stream. All pages of a
// browser share one, in a shared worker, because a browser has only few
// connections to a server; where there are no shared workers, a page has its
// own.
import { eventTypes, type FromHub, type Status, type StreamEvent, type ToHub } from "./events";

type Subscriber = { space: string; topics: string[]; at?: string; tell: (message: FromHub) => void };

export type Source = Pick<EventSource, "addEventListener" | "close" | "readyState">;

const CLOSED = 2;
const firstRetry = 1000;
const lastRetry = 20_000;

// union gathers what all pages want: of a log that several follow, from the
// earliest line that one of them lacks.
export function union(wanted: string[][]): string[] {
  const words = new Set<string>();
  const logs = new Map<string, number>();
  for (const word of wanted.flat()) {
    const [, task, line] = word.match(/^task:([^:]+):log(?:@(\d+))?$/) ?? [];
    if (task) logs.set(task, Math.min(logs.get(task) ?? Number.POSITIVE_INFINITY, Number(line ?? 0)));
    else words.add(word);
  }
  for (const [task, line] of logs) {
    words.delete(`task:${task}`);
    words.add(`task:${task}:log@${line}`);
  }
  return [...words].sort();
}

type News = { status: Status } | { event: StreamEvent; at: string };

class Channel {
  private source: Source | undefined;
  private asked = "";
  private wait = firstRetry;
  private timer: ReturnType<typeof setTimeout> | undefined;
  status: Status = "connecting";

  constructor(
    private readonly address: string,
    private readonly open: (url: string) => Source,
    private readonly tell: (message: News) => void,
    private last: string, // the id of the last event, or where the first page that asked has read
  ) {}

  // want connects anew if what is wanted has changed, and goes on behind the
  // last event that was told.
  want(topics: string[]) {
    const asked = topics.join(",");
    if (asked === this.asked && this.source) return;
    this.asked = asked;
    this.close();
    if (asked) this.connect();
  }

  retry() {
    if (this.status === "open" || !this.asked) return;
    this.close();
    this.connect();
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  private connect() {
    const after = this.last ? `&after=${encodeURIComponent(this.last)}` : "";
    const source = this.open(`${this.address}?topics=${encodeURIComponent(this.asked)}${after}`);
    this.source = source;
    for (const type of eventTypes) {
      source.addEventListener(type, (message) => this.take(type, message as MessageEvent<string>));
    }
    source.addEventListener("error", () => this.broken(source));
  }

  private take(type: StreamEvent["type"], message: MessageEvent<string>) {
    this.last = message.lastEventId || this.last;
    if (type === "ready") {
      this.wait = firstRetry;
      this.become("open");
    }
    this.tell({ event: { type, data: JSON.parse(message.data) } as StreamEvent, at: this.last });
  }

  // A browser connects again by itself unless the server refused.
  private broken(source: Source) {
    if (source !== this.source) return;
    this.become("down");
    if (source.readyState !== CLOSED) return;
    this.close();
    this.timer = setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, lastRetry);
  }

  private become(status: Status) {
    if (status === this.status) return;
    this.status = status;
    this.tell({ status });
  }
}

export class Hub {
  private readonly subscribers = new Set<Subscriber>();
  private readonly channels = new Map<string, Channel>();
  private soon: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly root: string,
    private readonly open: (url: string) => Source = (url) => new EventSource(url),
  ) {}

  // join adds a page; the answer takes what it says.
  join(tell: (message: FromHub) => void): (message: ToHub) => void {
    const me: Subscriber = { space: "", topics: [], tell };
    return (message) => {
      switch (message.kind) {
        case "want":
          this.subscribers.add(me);
          me.space = message.space;
          me.topics = message.topics;
          me.at = message.at;
          tell({ kind: "status", space: me.space, status: this.channels.get(me.space)?.status ?? "connecting" });
          break;
        case "leave":
          this.subscribers.delete(me);
          break;
        case "retry":
          for (const channel of this.channels.values()) channel.retry();
          return;
      }
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.settle(), 30); // pages ask for several things at once
    };
  }

  private settle() {
    const spaces = new Map<string, Subscriber[]>();
    for (const s of this.subscribers) spaces.set(s.space, [...(spaces.get(s.space) ?? []), s]);
    for (const [space, channel] of this.channels) {
      if (spaces.has(space)) continue;
      channel.close();
      this.channels.delete(space);
    }
    for (const [space, pages] of spaces) {
      // Where the first has read: the others read after they were told of its channel.
      this.channel(space, pages[0]?.at ?? "").want(union(pages.map((p) => p.topics)));
    }
  }

  private channel(space: string, at: string): Channel {
    const known = this.channels.get(space);
    if (known) return known;
    const address = `${this.root}/api/${space ? `${space}/` : ""}ui/events`;
    const made = new Channel(address, this.open, (message) => this.broadcast(space, message), at);
    this.channels.set(space, made);
    return made;
  }

  private broadcast(space: string, message: News) {
    const full: FromHub =
      "event" in message ? { kind: "event", space, ...message } : { kind: "status", space, ...message };
    for (const s of this.subscribers) if (s.space === space) s.tell(full);
  }
}
