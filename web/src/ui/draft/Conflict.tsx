import { Button, Group, Modal, SegmentedControl } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { many, t } from "~/text/t";
import classes from "./Conflict.module.css";
import type { Clash, Keyed, Merge, Side } from "./merge";

type Props<T extends Keyed> = {
  merge: Merge<T> | undefined;
  // who changed it in the meantime, if that is known.
  who: string;
  name: (item: T) => string;
  show: (before: T | undefined, after: T | undefined) => ReactNode;
  onClose: () => void;
  onMerge: (items: T[]) => void;
};

// Conflict brings together what two people changed at the same time.
export function Conflict<T extends Keyed>({ merge, onClose, ...rest }: Props<T>) {
  return (
    <Modal opened={Boolean(merge)} onClose={onClose} title={t("Changed in the meantime")} size={820}>
      {merge && <Choices merge={merge} onClose={onClose} {...rest} />}
    </Modal>
  );
}

function Choices<T extends Keyed>({ merge, who, name, show, onClose, onMerge }: Props<T> & { merge: Merge<T> }) {
  const [choices, choose] = useState<Record<string, Side>>({});
  const clashing = new Set(merge.clashes.map((c) => c.id));
  const theirs = merge.theirs.filter((c) => !clashing.has(c.id));
  const nameOf = (c: { mine?: T; theirs?: T; base?: T }) => name((c.mine ?? c.theirs ?? c.base) as T);
  return (
    <>
      <p>
        {who
          ? t("{who} saved changes while you were editing. Yours are still here.", { who })
          : t("Somebody saved changes while you were editing. Yours are still here.")}
      </p>
      {theirs.length > 0 && (
        <>
          <h3 className={classes.title}>
            {many(theirs.length, "1 change of theirs is taken over", "{n} changes of theirs are taken over")}
          </h3>
          <ul className={classes.list}>
            {theirs.map((c) => (
              <li key={c.id}>
                <b>{name((c.after ?? c.before) as T)}</b>{" "}
                <span className="dim">{c.before ? (c.after ? t("changed") : t("removed")) : t("added")}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {merge.clashes.length > 0 && (
        <h3 className={classes.title}>
          {many(merge.clashes.length, "1 thing was changed by both", "{n} things were changed by both")}
        </h3>
      )}
      {merge.clashes.map((clash: Clash<T>) => (
        <section key={clash.id} className={classes.clash} aria-label={nameOf(clash)}>
          <header>
            <b>{nameOf(clash)}</b>
            <SegmentedControl
              size="xs"
              aria-label={t("Which of both to keep")}
              data={[
                { value: "mine", label: clash.mine ? t("Keep mine") : t("Remove it") },
                { value: "theirs", label: clash.theirs ? t("Take theirs") : t("Let it be removed") },
              ]}
              value={choices[clash.id] ?? "mine"}
              onChange={(side) => choose({ ...choices, [clash.id]: side as Side })}
            />
          </header>
          <p className="dim">{t("Theirs, and what yours would make of it:")}</p>
          {show(clash.theirs, clash.mine)}
        </section>
      ))}
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={onClose}>
          {t("Back to editing")}
        </Button>
        <Button onClick={() => onMerge(merge.result(choices))} data-autofocus>
          {t("Save both together")}
        </Button>
      </Group>
    </>
  );
}
