// The shared worker that keeps the stream for all pages of a browser.
import type { FromHub, ToHub } from "./events";
import { Hub } from "./hub";

const scope = self as unknown as { name: string; onconnect: ((event: MessageEvent) => void) | null };

// The worker's name is the address of the server.
const hub = new Hub(scope.name);

scope.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  const say = hub.join((message: FromHub) => port.postMessage(message));
  port.onmessage = (message: MessageEvent<ToHub>) => say(message.data);
};
