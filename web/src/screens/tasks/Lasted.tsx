import { useEffect, useState } from "react";
import { lasted } from "~/text/time";

// Lasted says how long something took, or takes so far.
export function Lasted({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const [now, setNow] = useState(Date.now);
  const runs = Boolean(from) && !to;
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [runs]);
  if (!from) return <span>—</span>;
  return <span className="number">{lasted((to ? Date.parse(to) : now) - Date.parse(from))}</span>;
}
