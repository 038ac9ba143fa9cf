// What a page consists of is loaded when it is gone to. A network that changes
// at that moment, as when a laptop moves, breaks it off, and it is asked for again.

const waits = [200, 1000, 3000];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// again asks up to three more times for what could not be loaded.
export async function again<T>(load: () => Promise<T>, left = waits): Promise<T> {
  try {
    return await load();
  } catch (e) {
    const [wait, ...rest] = left;
    if (wait === undefined) throw e;
    await pause(wait);
    return again(load, rest);
  }
}

// styled is settled when a style sheet has been taken in, at its place among the
// others: the last, unless another is said.
function styled(href: string, nonce: string, put = (link: Element) => document.head.append(link)): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, nonce });
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error(`${href} could not be loaded`));
    };
    put(link);
  });
}

// isThere says whether a style sheet was taken in: browsers let nobody read the
// rules of one that was broken off.
function isThere(link: HTMLLinkElement): boolean {
  try {
    return (link.sheet?.cssRules.length ?? 0) > 0;
  } catch {
    return false;
  }
}

// mendOwn brings behind those style sheets of the page itself that were broken
// off. Scripts run when they are there, or will not be.
function mendOwn(nonce: string) {
  for (const link of document.querySelectorAll<HTMLLinkElement>("head > link[rel=stylesheet]")) {
    if (isThere(link)) continue;
    again(() => styled(link.href, nonce, (next) => link.before(next))).catch((e) => console.error(e));
  }
}

// mendStyles lets a page appear whose style sheet was broken off, and brings that
// behind: the bundler's loader asks for a style sheet once only.
export function mendStyles(nonce: string) {
  mendOwn(nonce);
  addEventListener("vite:preloadError", (event) => {
    const href = /\S+\.css$/.exec((event as Event & { payload?: Error }).payload?.message ?? "")?.[0];
    if (!href) return;
    event.preventDefault();
    again(() => styled(href, nonce)).catch((e) => console.error(e));
  });
}
