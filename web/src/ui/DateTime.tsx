import { useSyncExternalStore } from "react";
import { ago, exact } from "~/text/time";

// One clock for the page: relative times move on together.
const every = 20_000;
let now = new Date();
const tellers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(tell: () => void) {
  tellers.add(tell);
  if (!timer) {
    now = new Date();
    timer = setInterval(() => {
      now = new Date();
      for (const teller of tellers) teller();
    }, every);
  }
  return () => {
    tellers.delete(tell);
    if (tellers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export const useNow = () => useSyncExternalStore(subscribe, () => now);

// DateTime says when something was; the exact time is in its tooltip.
export function DateTime({ at, className = "dim" }: { at: string | null | undefined; className?: string }) {
  const current = useNow();
  if (!at) return null;
  const date = new Date(at);
  return (
    <time dateTime={at} title={exact(date)} className={className}>
      {ago(date, current > date ? current : new Date())}
    </time>
  );
}
