// The lines of a task's log: what there is, page by page, then what comes.
import { useCallback, useEffect, useRef, useState } from "react";
import { request } from "~/api/client";
import { type ApiError, errorOf } from "~/api/error";
import { useStream, useStreamStatus } from "~/api/live";
import type { LogLine } from "~/api/stream/events";

const pageSize = 5000;
// Beyond this many lines a page would weigh too much; the raw log has them all.
export const mostLines = 200_000;
const pollEvery = 3000;

export type Log = { lines: LogLine[]; loaded: boolean; ended: boolean; cut: boolean; error: ApiError | undefined };

const start: Log = { lines: [], loaded: false, ended: false, cut: false, error: undefined };

export function useLog(task: string, isOver: boolean): Log {
  const [log, setLog] = useState<Log>(start);
  const next = useRef(1);
  const reading = useRef(false);
  const down = useStreamStatus() === "down";

  const append = useCallback((from: number, lines: LogLine[], to: number) => {
    if (from > next.current) return false;
    const fresh = lines.filter((l) => l.Number >= next.current);
    next.current = Math.max(next.current, to);
    if (fresh.length > 0) {
      setLog((before) => {
        const room = mostLines - before.lines.length;
        return { ...before, lines: before.lines.concat(fresh.slice(0, room)), cut: before.cut || fresh.length > room };
      });
    }
    return true;
  }, []);

  // read catches up from the last line that we have.
  const read = useCallback(async () => {
    if (reading.current) return;
    reading.current = true;
    try {
      for (let more = true; more && next.current <= mostLines; ) {
        const query = { from: next.current, limit: pageSize };
        const page = await request("get", "/api/tasks/{id}/log", { params: { id: task }, query });
        append(page.From, page.Lines ?? [], page.Next);
        more = !page.Done;
        setLog((before) => ({
          ...before,
          loaded: !more || before.loaded,
          ended: page.Done && page.Ended,
          error: undefined,
        }));
      }
    } catch (thrown) {
      setLog((before) => ({ ...before, error: errorOf(thrown) }));
    } finally {
      reading.current = false;
    }
  }, [task, append]);

  useEffect(() => {
    next.current = 1;
    setLog(start);
    void read();
  }, [read]);

  const isLive = log.loaded && !log.ended;
  const [from, setFrom] = useState(0);
  useEffect(() => {
    if (isLive) setFrom(next.current - 1);
  }, [isLive]);
  useStream(isLive ? [`task:${task}:log@${from}`] : [], (event) => {
    if (event.type === "ready" || event.type === "resync") void read();
    if (event.type !== "log" || event.data.Task !== task) return;
    if (!append(event.data.From, event.data.Lines, event.data.Next)) void read();
    else if (event.data.Ended) setLog((before) => ({ ...before, ended: true }));
  });

  useEffect(() => {
    if (!isLive || !down) return;
    const timer = setInterval(() => void read(), pollEvery);
    return () => clearInterval(timer);
  }, [isLive, down, read]);

  // The task can end with nothing more to say.
  useEffect(() => {
    if (isOver && isLive) void read();
  }, [isOver, isLive, read]);

  return log;
}
