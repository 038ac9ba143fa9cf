import { memo } from "react";
import type { LogLine } from "~/api/stream/events";
import { clock } from "~/text/time";
import { plainOf, type Span, spansOf } from "./ansi";
import classes from "./Log.module.css";
import { loud } from "./rows";

type Props = { line: LogLine; target: boolean; current: boolean; word: string; onNumber: (line: number) => void };

// marked cuts a text at the places where a word is.
function marked(text: string, word: string) {
  if (!word) return text;
  const parts = [];
  const low = text.toLowerCase();
  const needle = word.toLowerCase();
  let at = 0;
  for (let i = low.indexOf(needle); i >= 0; i = low.indexOf(needle, at)) {
    parts.push(text.slice(at, i), <mark key={i}>{text.slice(i, i + word.length)}</mark>);
    at = i + word.length;
  }
  return [...parts, text.slice(at)];
}

function Part({ span, word }: { span: Span; word: string }) {
  const { text, href, colour, bold, dim, underline } = span;
  const look = [
    colour === undefined ? "" : classes[`a${colour}`],
    bold ? classes.bold : "",
    dim ? classes.faint : "",
    underline ? classes.underline : "",
  ];
  const shown = marked(text, word);
  if (href) {
    const outside = /^https?:/.test(href);
    return (
      <a href={href} target={outside ? "_blank" : undefined} rel="noreferrer" className={classes.link}>
        {shown}
      </a>
    );
  }
  return <span className={look.filter(Boolean).join(" ") || undefined}>{shown}</span>;
}

const tones = ["quiet", "plain", "warn", "bad"];

// LogLineRow is one line. Its number is a link to it.
export const LogLineRow = memo(function LogLineRow({ line, target, current, word, onNumber }: Props) {
  const spans = spansOf(line.MessageText);
  // A word can lie across parts; then the line is shown without its colours.
  const plain = word ? plainOf(line.MessageText) : "";
  const whole =
    plain.toLowerCase().includes(word.toLowerCase()) &&
    !spans.some((s) => s.text.toLowerCase().includes(word.toLowerCase()));
  return (
    <div
      className={classes.line}
      data-tone={line.Category === "Highlight" ? "highlight" : tones[loud(line)]}
      data-target={target || undefined}
      data-current={current || undefined}
    >
      <button
        type="button"
        tabIndex={-1}
        className={classes.number}
        aria-label={`Link to line ${line.Number}`}
        onClick={() => onNumber(line.Number)}
      >
        {line.Number}
      </button>
      <time className={classes.time} dateTime={line.OccurredAt ?? undefined} title={line.OccurredAt ?? undefined}>
        {line.OccurredAt ? clock(line.OccurredAt) : ""}
      </time>
      <span className={classes.text}>
        {whole
          ? marked(plain, word)
          : // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line never move
            spans.map((span, i) => <Part key={i} span={span} word={word} />)}
      </span>
    </div>
  );
});
