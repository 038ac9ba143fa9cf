import type { ReactNode } from "react";
import classes from "./StatusChip.module.css";
import { StatusIcon } from "./StatusIcon";
import type { Look } from "./status";

// StatusChip says a state by colour, shape and word. With children it shows
// those, such as a version, and has the word for those who cannot see shapes.
export function StatusChip({ look, children }: { look: Look; children?: ReactNode }) {
  return (
    <span className={classes.chip} data-tone={look.tone} title={children ? look.word : undefined}>
      <StatusIcon tone={look.tone} shape={look.shape} label={children ? look.word : undefined} />
      <span className="ellipsis">{children ?? look.word}</span>
    </span>
  );
}
