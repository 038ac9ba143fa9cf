import classes from "./Names.module.css";

// Names shows short words side by side, such as tags or environments.
export function Names({ of }: { of: (string | undefined)[] | null }) {
  const there = (of ?? []).filter((name): name is string => Boolean(name));
  if (there.length === 0) return <span className="dim">—</span>;
  return (
    <span className={classes.names}>
      {there.map((name) => (
        <span key={name} className={classes.name}>
          {name}
        </span>
      ))}
    </span>
  );
}
