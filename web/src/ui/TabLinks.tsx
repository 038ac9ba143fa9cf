import { useRouterState } from "@tanstack/react-router";
import { Link } from "./Link";
import classes from "./TabLinks.module.css";

type Props = {
  // label says what the tabs lead between, for those who do not see them.
  label: string;
  tabs: { to: string; label: string }[];
};

// TabLinks leads between the views of one thing, each with an address of its own.
export function TabLinks({ label, tabs }: Props) {
  const path = useRouterState({ select: (s) => s.location.pathname });
  return (
    <nav aria-label={label} className={classes.tabs}>
      {tabs.map((tab) => (
        <Link key={tab.to} to={tab.to} className={classes.tab} aria-current={tab.to === path ? "page" : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
