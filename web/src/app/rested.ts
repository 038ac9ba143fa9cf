import { useEffect, useState } from "react";

// useRested is true once the browser has nothing else to do: for what nobody
// waits for to see what they came for.
export function useRested(): boolean {
  const [rested, set] = useState(false);
  useEffect(() => {
    const rest = globalThis.requestIdleCallback ?? ((then: () => void) => setTimeout(then, 300));
    const id = rest(() => set(true));
    return () => (globalThis.cancelIdleCallback ?? clearTimeout)(id as number);
  }, []);
  return rested;
}
