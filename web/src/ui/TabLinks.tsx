import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
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
  const nav = useRef<HTMLElement>(null);
  // Where not all fit, the current one is in sight.
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>(`[aria-current="page"]`);
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft - nav.current.offsetLeft - 12;
  }, []);
  return (
    <nav ref={nav} aria-label={label} className={`${classes.tabs} sideways`}>
      {tabs.map((tab) => (
        <Link key={tab.to} to={tab.to} className={classes.tab} aria-current={tab.to === path ? "page" : undefined}>
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
