import { Modal } from "@mantine/core";
import { t } from "~/text/t";
import { Diff } from "~/ui/Diff";
import { changes, moved } from "~/ui/draft/merge";
import classes from "./Review.module.css";
import type { Step } from "./steps";
import { meaningOf, wordsOf } from "./wording";

type Props = { opened: boolean; onClose: () => void; before: Step[]; after: Step[] };

// Review shows what is about to be saved.
export function Review({ opened, onClose, before, after }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size={900} title={t("What you have changed")}>
      {moved(before, after) && (
        <p className={classes.order}>
          {t("The order of steps is now: {names}.", { names: after.map((s) => s.Name).join(", ") })}
        </p>
      )}
      {changes(before, after).map((c) => (
        <section key={c.id} className={classes.change}>
          <h3>
            {(c.after ?? c.before)?.Name}{" "}
            <span className="dim">{c.before ? (c.after ? "" : t("is removed")) : t("is added")}</span>
          </h3>
          <StepDiff before={c.before} after={c.after} />
        </section>
      ))}
    </Modal>
  );
}

// StepDiff is the difference of two states of a step.
export function StepDiff({ before, after }: { before?: Step; after?: Step }) {
  return <Diff label={t("Difference")} before={written(before)} after={written(after)} />;
}

// written is a step as lines: one for each member, and one for each line of a
// script, which JSON would put into one.
export function written(step: Partial<Step> | undefined): string {
  if (!step) return "";
  const out: string[] = [];
  const put = (path: string, value: unknown, called = ""): void => {
    if (value === null || value === undefined || value === "" || value === false) return;
    if (Array.isArray(value)) {
      value.forEach((v, i) => {
        put(value.length > 1 ? `${path} ${i + 1}` : path, v, called);
      });
    } else if (typeof value === "object") {
      for (const [name, v] of Object.entries(value))
        if (name !== "Id") put([path, name === "Properties" ? "" : wordsOf(name)].filter(Boolean).join(" › "), v, name);
    } else if (typeof value === "string" && value.includes("\n")) {
      out.push(`${path}:`, ...value.split("\n").map((line) => `    ${line}`));
    } else out.push(`${path}: ${meaningOf(called, value)}`);
  };
  put("", step);
  return out.join("\n");
}
