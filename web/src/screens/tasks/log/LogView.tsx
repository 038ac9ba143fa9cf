import { type HotkeyItem, useHotkeys } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { at } from "~/api/place";
import type { ActivityNode } from "~/api/stream/events";
import { useQueryWord } from "~/app/navigation";
import { useLetters } from "~/shell/keys";
import { many, t } from "~/text/t";
import { done } from "~/ui/notify";
import { EmptyState, ErrorState, Loading } from "~/ui/state";
import classes from "./Log.module.css";
import { LogBar } from "./LogBar";
import { LogHead } from "./LogHead";
import { LogLineRow } from "./LogLineRow";
import { errors as errorsOf, type Level, loud, matches, type Row, rowsOf, step } from "./rows";
import { useFollow } from "./useFollow";
import type { Log } from "./useLog";

const levels = new Set(["all", "info", "warning", "error"]);
const heights = { head: 32, line: 20 };

type Props = { task: string; over: boolean; log: Log; nodes: ActivityNode[] };

// LogView shows a log of any length: folded by step, filtered, searched, with a
// link to each line.
export function LogView({ task, over, log, nodes }: Props) {
  const [word, setWord] = useQueryWord("q");
  const [line, setLine] = useQueryWord("line");
  const [stepWord] = useQueryWord("step");
  const [levelWord, setLevel] = useQueryWord("level");
  const wanted = Number(line) || 0;
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [wrap, setWrap] = useState(false);
  const [current, setCurrent] = useState(-1);
  const box = useRef<HTMLDivElement>(null);

  // A link to a line that the usual level leaves out shows it all the same.
  const wantsQuiet = wanted > 0 && log.lines.some((l) => l.Number === wanted && loud(l) === 0);
  const level = (levels.has(levelWord) ? levelWord : wantsQuiet ? "all" : "info") as Level;
  const rows = useMemo(() => rowsOf(nodes, log.lines, { level, folded }), [nodes, log.lines, level, folded]);
  const found = useMemo(() => matches(rows, word), [rows, word]);
  const errors = useMemo(() => errorsOf(rows), [rows]);

  // Another function would make the list measure all of its rows again, at each scroll.
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: useCallback((i: number) => heights[rows[i]?.kind ?? "line"], [rows]),
    getItemKey: useCallback((i: number) => rows[i]?.key ?? i, [rows]),
    overscan: 20,
  });
  const follow = useFollow(box, rows.length, !over && !line && !stepWord);

  const jump = useCallback(
    (index: number | undefined) => {
      if (index === undefined) return;
      follow.stop();
      setCurrent(index);
      list.scrollToIndex(index, { align: "center" });
    },
    [list, follow.stop],
  );

  // What is typed is found at once, like in a browser's own search.
  const searched = useRef(word);
  useEffect(() => {
    if (word === searched.current || (word && found.length === 0)) return;
    searched.current = word;
    if (word) jump(found[0]);
  }, [word, found, jump]);

  // Once the line or the step of the address is there it is brought into sight.
  const aim = wanted || stepWord;
  const reached = useRef<number | string>("");
  const place = aim ? rows.findIndex((r) => isAim(r, aim)) : -1;
  useEffect(() => {
    if (place < 0 || reached.current === aim) return;
    reached.current = aim;
    list.scrollToIndex(place, { align: wanted ? "center" : "start" });
  }, [place, aim, wanted, list]);

  const toggle = (id: string) =>
    setFolded((before) => (before.has(id) ? new Set([...before].filter((f) => f !== id)) : new Set([...before, id])));
  const foldAll = () => setFolded(folded.size > 0 ? new Set() : new Set(nodes.map((n) => n.Id)));
  const heads = () => rows.flatMap((r, i) => (r.kind === "head" ? [i] : []));
  const top = () => (current >= 0 ? current : (list.range?.startIndex ?? 0));
  // It stays the same, so that lines that stay are not drawn anew.
  const link = useCallback(
    (number: number) => {
      reached.current = number; // it is in sight already
      setLine(String(number));
      const { origin, pathname, hash } = window.location;
      const path = hash.slice(1).split("?")[0];
      const copied = navigator.clipboard?.writeText(`${origin}${pathname}#${path}?line=${number}`);
      copied?.then(
        () => done(t("The link to line {number} is copied.", { number })),
        () => {},
      );
    },
    [setLine],
  );
  const letters: HotkeyItem[] = [
    ["j", () => jump(step(heads(), top(), false))],
    ["k", () => jump(step(heads(), top(), true))],
    ["e", () => jump(step(errors, top(), false))],
    ["shift+e", () => jump(step(errors, top(), true))],
    ["n", () => jump(step(found, current, false))],
    ["shift+n", () => jump(step(found, current, true))],
    ["f", follow.start],
    ["w", () => setWrap(!wrap)],
    ["x", foldAll],
    [
      "l",
      () => {
        const row = rows[top()];
        if (row?.kind === "line") link(row.line.Number);
      },
    ],
  ];
  useHotkeys(useLetters() ? letters : []);

  const index = found.indexOf(current);
  return (
    <section aria-label={t("Task log")} className={classes.log}>
      <LogBar
        word={word}
        onWord={setWord}
        found={found.length === 0 ? t("none") : `${index + 1}/${found.length}`}
        onStep={(back) => jump(step(found, current, back))}
        level={level}
        onLevel={(l) => setLevel(l === "info" && !wantsQuiet ? undefined : l)}
        wrap={wrap}
        onWrap={() => setWrap(!wrap)}
        folded={folded.size > 0}
        onFold={foldAll}
        errors={errors.length}
        onError={() => jump(step(errors, current, false))}
      />
      {log.error && <ErrorState error={log.error} />}
      {log.cut && (
        <p className={classes.note}>
          {t("The log is longer than what is shown here; the raw log has all of it.")}{" "}
          <a href={at(`/api/tasks/${task}/raw`)}>{t("Raw log")}</a>
        </p>
      )}
      <div className={classes.frame}>
        <div
          ref={box}
          className={classes.box}
          data-wrap={wrap || undefined}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={t("Lines")}
          onScroll={follow.onScroll}
        >
          {rows.length === 0 && (log.loaded ? <Nothing ended={log.ended} total={log.lines.length} /> : <Loading />)}
          <div
            style={{
              height: list.getTotalSize(),
              position: "relative",
              minWidth: "100%",
              width: wrap ? undefined : "max-content",
            }}
          >
            {list.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <div
                  key={item.key}
                  data-index={item.index}
                  ref={wrap ? list.measureElement : undefined}
                  className={classes.row}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  {row.kind === "head" ? (
                    <LogHead row={row} onToggle={() => toggle(row.node.Id)} />
                  ) : (
                    <LogLineRow
                      line={row.line}
                      target={row.line.Number === wanted}
                      current={item.index === current}
                      word={word}
                      onNumber={link}
                    />
                  )}
                </div>
              );
            })}
          </div>
        </div>
        {follow.missed > 0 && (
          <button type="button" className={classes.pill} onClick={follow.start}>
            {many(follow.missed, "{n} new line", "{n} new lines")}
          </button>
        )}
      </div>
    </section>
  );
}

// isAim reports whether a row is the line, or the head of the step or of a part
// of it, that is looked for.
function isAim(row: Row, aim: number | string): boolean {
  if (row.kind === "line") return row.line.Number === aim;
  const of = String(aim);
  return row.key === of || row.key.startsWith(`${of}@`) || row.key.startsWith(`${of}.`);
}

function Nothing({ ended, total }: { ended: boolean; total: number }) {
  if (total > 0) return <EmptyState title={t("No line is of this level.")} />;
  return <EmptyState title={ended ? t("The task has written nothing.") : t("The task has written nothing yet.")} />;
}
