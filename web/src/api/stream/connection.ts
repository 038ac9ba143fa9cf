// A page's end of the stream: what its parts want to hear is gathered, and what
// comes is handed to them.
import { root } from "../place";
import type { FromHub, Status, StreamEvent, ToHub } from "./events";
import { Hub } from "./hub";

type Listener = { topics: string[]; hear: (event: StreamEvent) => void };

let say: ((message: ToHub) => void) | undefined;
let space: string | undefined;
let status: Status = "connecting";
// position is where the stream was when this page began to read, or was heard last.
let position: string | undefined;
let joined = false; // what happens in the space from now on is heard
let begun = false; // the first page may be read
// patience is how long the first page waits for the keeper of the stream, which
// answers at once where the browser has started it.
const patience = 1000;
const listeners = new Set<Listener>();
const watchers = new Set<() => void>();

function hear(message: FromHub) {
  if (message.space !== space) return;
  if (message.kind === "event") {
    position = message.at || position;
    tell(message.event);
    return;
  }
  status = message.status;
  // Something has been read before the keeper of the stream knew of this page.
  if (!joined && begun) tell({ type: "resync", data: { Reason: "" } });
  joined = true;
  begin();
}

function tell(event: StreamEvent) {
  for (const l of [...listeners]) l.hear(event);
}

function begin() {
  begun = true;
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

// start makes the connection to the keeper of the stream, which takes a moment.
export function start(): (message: ToHub) => void {
  if (!say) {
    say = connect();
    window.addEventListener("pagehide", () => say?.({ kind: "leave" }));
    window.addEventListener("pageshow", (event) => {
      joined &&= !event.persisted;
      if (event.persisted) ask();
    });
    window.addEventListener("online", () => say?.({ kind: "retry" }));
  }
  return say;
}

function ask() {
  if (space === undefined) return;
  const topics = [...new Set([...listeners].flatMap((l) => l.topics))];
  start()(topics.length > 0 ? { kind: "want", space, topics, at: position } : { kind: "leave" });
}

// enterSpace says which space the page is in; undefined before anybody is
// signed in.
export function enterSpace(id: string | undefined) {
  if (id === space) return;
  space = id;
  status = "connecting";
  joined = false;
  if (id === undefined) {
    begun = false;
    say?.({ kind: "leave" });
    return;
  }
  ask();
  setTimeout(begin, patience);
}

// readFrom says where the stream is before anything is read.
export function readFrom(at: string | undefined) {
  position = at;
}

export const mayBegin = () => begun;

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
