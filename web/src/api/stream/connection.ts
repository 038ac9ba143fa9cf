// A page's end of the stream: what its parts want to hear is gathered, and what
// comes is handed to them.
import { root } from "../place";
import type { FromHub, Status, StreamEvent, ToHub } from "./events";
import { Hub } from "./hub";

type Listener = { topics: string[]; hear: (event: StreamEvent) => void };

let say: ((message: ToHub) => void) | undefined;
let space: string | undefined;
let status: Status = "connecting";
const listeners = new Set<Listener>();
const watchers = new Set<() => void>();

function hear(message: FromHub) {
  if (message.space !== space) return;
  if (message.kind === "event") {
    for (const l of [...listeners]) l.hear(message.event);
    return;
  }
  status = message.status;
  for (const w of watchers) w();
}

function connect(): (message: ToHub) => void {
  if (typeof SharedWorker === "function") {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: window.location.origin + root,
    });
    worker.port.onmessage = (message: MessageEvent<FromHub>) => hear(message.data);
    return (message) => worker.port.postMessage(message);
  }
  return new Hub(root).join(hear);
}

function start(): (message: ToHub) => void {
  if (!say) {
    say = connect();
    window.addEventListener("pagehide", () => say?.({ kind: "leave" }));
    window.addEventListener("pageshow", (event) => event.persisted && ask());
    window.addEventListener("online", () => say?.({ kind: "retry" }));
  }
  return say;
}

function ask() {
  if (space === undefined) return;
  const topics = [...new Set([...listeners].flatMap((l) => l.topics))];
  start()(topics.length > 0 ? { kind: "want", space, topics } : { kind: "leave" });
}

// enterSpace says which space the page is in; undefined before anybody is
// signed in.
export function enterSpace(id: string | undefined) {
  if (id === space) return;
  space = id;
  status = "connecting";
  if (id === undefined) say?.({ kind: "leave" });
  else ask();
}

// listen tells of events until the answer is called.
export function listen(topics: string[], hearEvent: (event: StreamEvent) => void): () => void {
  const me: Listener = { topics, hear: hearEvent };
  listeners.add(me);
  ask();
  return () => {
    listeners.delete(me);
    ask();
  };
}

export const retryStream = () => say?.({ kind: "retry" });

export const streamStatus = () => status;

export const streamIsOpen = () => status === "open";

export function watchStatus(tell: () => void): () => void {
  watchers.add(tell);
  return () => watchers.delete(tell);
}
