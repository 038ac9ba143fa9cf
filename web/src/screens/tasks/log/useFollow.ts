import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

const near = 40;

// useFollow keeps the end of a box in sight while it grows, until somebody
// scrolls away from it; then it counts what has come since.
export function useFollow(box: RefObject<HTMLElement | null>, count: number, wanted: boolean) {
  const [on, setOn] = useState(wanted);
  const seen = useRef(count);
  const byUs = useRef(false);
  const toEnd = useCallback(() => {
    const e = box.current;
    if (!e) return;
    byUs.current = true;
    e.scrollTop = e.scrollHeight;
  }, [box]);

  // More rows are more to scroll to.
  useLayoutEffect(() => {
    if (!on || !wanted) return;
    seen.current = count;
    toEnd();
  }, [count, on, wanted, toEnd]);

  const start = useCallback(() => {
    setOn(true);
    toEnd();
  }, [toEnd]);
  const stop = useCallback(() => {
    setOn((before) => {
      if (before) seen.current = count;
      return false;
    });
  }, [count]);
  const onScroll = useCallback(() => {
    const e = box.current;
    if (!e) return;
    if (byUs.current) {
      byUs.current = false;
      return;
    }
    const atEnd = e.scrollHeight - e.scrollTop - e.clientHeight < near;
    if (atEnd) setOn(true);
    else stop();
  }, [box, stop]);

  return { start, stop, onScroll, missed: on || !wanted ? 0 : Math.max(0, count - seen.current) };
}
