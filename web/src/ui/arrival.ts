// Where the focus goes when somebody goes to another page.
import { useMatch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

// last is the address of the page that was there last.
let last: string | undefined;

// useArrival moves the focus to the heading of a page that was gone to, once it
// is there, so that screen readers tell of it. What has the focus in the page
// itself or in a dialog over it keeps it, and so does all on the first page.
export function useArrival() {
  const heading = useRef<HTMLHeadingElement>(null);
  // The address changes while the page before still shows; its match does not.
  const path = useMatch({ strict: false, shouldThrow: false, select: (match) => match.pathname });
  useEffect(() => {
    if (path === undefined || path === last) return;
    const first = last === undefined;
    last = path;
    if (first || document.activeElement?.closest("main, [role=dialog]")) return;
    heading.current?.focus({ preventScroll: true });
  }, [path]);
  return heading;
}
