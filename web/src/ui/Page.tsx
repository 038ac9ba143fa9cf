import { type ReactNode, useEffect } from "react";
import { t } from "~/text/t";
import { useArrival } from "./arrival";
import { Link } from "./Link";
import classes from "./Page.module.css";

export type Crumb = { label: string; to?: string };

type Props = {
  title: string;
  // shown stands in the heading instead of the title, which names the tab.
  shown?: ReactNode;
  crumbs?: Crumb[];
  // beside stands right of the title, such as a state.
  beside?: ReactNode;
  actions?: ReactNode;
  // narrow is for forms.
  narrow?: boolean;
  children: ReactNode;
};

// Page is the frame of a screen: breadcrumb, one heading, its actions.
export function Page({ title, shown, crumbs, beside, actions, narrow, children }: Props) {
  useEffect(() => {
    document.title = t("{title} · Tako", { title });
  }, [title]);
  const heading = useArrival();
  return (
    <div className={classes.page} data-narrow={narrow || undefined}>
      <header className={classes.header}>
        {crumbs && (
          <nav aria-label={t("Breadcrumb")} className={classes.crumbs}>
            <ol>
              {crumbs.map(({ label, to }) => (
                <li key={label}>{to ? <Link to={to}>{label}</Link> : <span aria-current="page">{label}</span>}</li>
              ))}
            </ol>
          </nav>
        )}
        <div className={classes.line}>
          <div className={classes.heading}>
            <h1 ref={heading} className={classes.title} tabIndex={-1}>
              {shown ?? title}
            </h1>
            {beside}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </div>
      </header>
      {children}
    </div>
  );
}
