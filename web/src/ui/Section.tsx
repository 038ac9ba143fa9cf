import type { ReactNode } from "react";
import { useId } from "react";
import classes from "./Section.module.css";

type Props = { title: string; beside?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode };

// Section is a titled card. A flush one lets its content touch the edges.
export function Section({ title, beside, actions, flush, children }: Props) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <header className={classes.header}>
        <h2 id={id}>{title}</h2>
        {beside}
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      <div className={classes.body} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}

// Facts is a list of names and what they are; what is not there is left out.
export function Facts({ of }: { of: [string, ReactNode][] }) {
  const there = of.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return (
    <dl className={classes.facts}>
      {there.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
