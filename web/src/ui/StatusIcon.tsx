import classes from "./StatusChip.module.css";
import type { Shape, Tone } from "./status";

const cut = "var(--status-cut, var(--surface))";

function drawing(shape: Shape) {
  const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.6, strokeLinecap: "round" as const };
  switch (shape) {
    case "tick":
      return (
        <>
          <circle cx="7" cy="7" r="6.2" fill="currentColor" />
          <path d="M4.2 7.3 6.2 9.2 9.8 5.2" fill="none" stroke={cut} strokeWidth="1.7" strokeLinecap="round" />
        </>
      );
    case "diamond":
      return (
        <>
          <path d="M7 .6 13.4 7 7 13.4.6 7Z" fill="currentColor" />
          <path d="M7 3.8v3.6M7 9.8v.3" stroke={cut} strokeWidth="1.7" strokeLinecap="round" />
        </>
      );
    case "clock":
      return (
        <>
          <circle cx="7" cy="7" r="5.6" {...line} />
          <path d="M7 3.9V7l2 1.6" {...line} />
        </>
      );
    case "arc":
      return <path d="M12.4 7A5.4 5.4 0 1 1 8.6 1.9" {...line} strokeWidth="2" />;
    case "ring":
      return <circle cx="7" cy="7" r="5.4" {...line} strokeDasharray="2.4 2.4" />;
    case "triangle":
      return (
        <>
          <path d="M7 1.2 13.4 12.6H.6Z" fill="currentColor" strokeLinejoin="round" />
          <path d="M7 5.4v3.2M7 10.6v.3" stroke={cut} strokeWidth="1.6" strokeLinecap="round" />
        </>
      );
    case "bars":
      return <path d="M4.6 2.2v9.6M9.4 2.2v9.6" {...line} strokeWidth="2.6" strokeLinecap="butt" />;
    case "slash":
      return (
        <>
          <circle cx="7" cy="7" r="5.6" {...line} />
          <path d="m3.2 10.8 7.6-7.6" {...line} />
        </>
      );
    case "broken":
      return (
        <path
          d="M5.6 8.4 3 11M8.4 5.6 11 3M3.4 6.4 2 7.8a3 3 0 0 0 4.2 4.2M10.6 7.6 12 6.2A3 3 0 0 0 7.8 2"
          {...line}
        />
      );
  }
}

// StatusIcon is the shape alone, for places that have the word beside it.
export function StatusIcon({ tone, shape, label }: { tone: Tone; shape: Shape; label?: string }) {
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 14 14"
      className={classes.icon}
      data-tone={tone}
      data-spin={shape === "arc" || undefined}
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    >
      {drawing(shape)}
    </svg>
  );
}
