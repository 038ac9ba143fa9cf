import { many, t } from "~/text/t";
import classes from "./Diff.module.css";
import { diff, hunks } from "./difference";

type Props = { before: string; after: string; label: string };

const signs = { same: " ", added: "+", removed: "−" };
const words = { same: "", added: t("added"), removed: t("removed") };

// Diff shows what has changed in a text, with some lines around it.
export function Diff({ before, after, label }: Props) {
  if (before === after) return <p className="dim">{t("There is no difference.")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.diff} aria-label={label} tabIndex={0}>
      {hunks(diff(before, after)).map((hunk, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have nothing else
        <div key={i}>
          {hunk.skipped > 0 && (
            <div className={classes.skipped}>{many(hunk.skipped, "1 line is the same", "{n} lines are the same")}</div>
          )}
          {hunk.lines.map((line) => (
            <div key={`${line.old}:${line.now}`} className={classes.line} data-kind={line.kind}>
              <span className={classes.sign} aria-hidden>
                {signs[line.kind]}
              </span>
              <span className="visually-hidden">{words[line.kind]}</span>
              <span>{line.text || " "}</span>
            </div>
          ))}
        </div>
      ))}
    </section>
  );
}
