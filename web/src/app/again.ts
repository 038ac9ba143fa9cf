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

// styled is settled when a style sheet has been taken in.
function styled(href: string, nonce: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, nonce });
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error(`${href} could not be loaded`));
    };
    document.head.append(link);
  });
}

// mendStyles lets a page appear whose style sheet was broken off, and brings that
// behind: the bundler's loader asks for a style sheet once only.
export function mendStyles(nonce: string) {
  addEventListener("vite:preloadError", (event) => {
    const href = /\S+\.css$/.exec((event as Event & { payload?: Error }).payload?.message ?? "")?.[0];
    if (!href) return;
    event.preventDefault();
    again(() => styled(href, nonce)).catch((e) => console.error(e));
  });
}
