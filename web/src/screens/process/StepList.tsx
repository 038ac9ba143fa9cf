import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { useChannels, useEditor } from "./editor";
import classes from "./StepList.module.css";
import { StepRow } from "./StepRow";
import { type Action, groups, isRolling, moveAction, moveStep, type Step } from "./steps";
import type { Names } from "./summary";

// Row is a line of the list: a step, or one of several actions of a step.
export type Row = {
  id: string;
  step: Step;
  action: Action;
  number: string;
  kind: "step" | "parent" | "child";
  at: number;
  of: number;
};

export function rowsOf(steps: Step[]): Row[] {
  return steps.flatMap((step, i): Row[] => {
    const actions = step.Actions ?? [];
    const own = { step, at: i, of: steps.length, number: `${i + 1}` };
    const [first] = actions;
    if (!first) return [];
    if (!isRolling(step)) return [{ ...own, id: first.Id, action: first, kind: "step" }];
    const children = actions.map((action, j) => ({
      id: action.Id,
      step,
      action,
      number: `${i + 1}.${j + 1}`,
      kind: "child" as const,
      at: j,
      of: actions.length,
    }));
    return [{ ...own, id: step.Id, action: first, kind: "parent" }, ...children];
  });
}

type Props = { selected: string; onSelect: (id: string) => void; compact: boolean };

// StepList shows the steps in their order and lets them be moved: by drag, by
// Alt and the arrow keys, and from each row's menu.
export function StepList({ selected, onSelect, compact }: Props) {
  const { project, steps, change, mayEdit } = useEditor();
  const names = useNames();
  const [dragged, drag] = useState<Row | undefined>();
  const [over, setOver] = useState<{ id: string; after: boolean } | undefined>();
  const [said, say] = useState("");
  const list = useRef<HTMLOListElement>(null);
  const refocus = useRef("");

  const buttons = () => [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];

  // A row that has moved would lose the focus that it is moved with.
  useEffect(() => {
    if (!refocus.current) return;
    list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(refocus.current)}"]`)?.focus();
    refocus.current = "";
  });

  const move = (row: Row, to: number) => {
    if (!mayEdit || to < 0 || to >= row.of || to === row.at) return;
    change((now) => (row.kind === "child" ? moveAction(now, row.action.Id, to) : moveStep(now, row.step.Id, to)));
    refocus.current = row.id;
    const name = row.kind === "child" ? row.action.Name : row.step.Name;
    say(t("{name} is now number {n} of {of}.", { name, n: to + 1, of: row.of }));
  };

  const step = (from: HTMLElement, by: number) => {
    const all = buttons();
    all[all.indexOf(from) + by]?.focus();
  };

  // canDrop: steps among steps, children among those of their step.
  const canDrop = (row: Row) =>
    dragged !== undefined &&
    (dragged.kind === "child" ? row.kind === "child" && row.step.Id === dragged.step.Id : true);

  const drop = (row: Row, after: boolean) => {
    if (dragged && canDrop(row)) {
      const at = dragged.kind === "child" ? row.at : steps.findIndex((s) => s.Id === row.step.Id);
      const to = at + (after ? 1 : 0);
      move(dragged, to > dragged.at ? to - 1 : to);
    }
    drag(undefined);
    setOver(undefined);
  };

  const rows = rowsOf(steps);
  return (
    <>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <ol
        className={classes.list}
        ref={list}
        aria-label={t("Steps of {name}", { name: project.Name })}
        data-compact={compact || undefined}
      >
        {groups(steps).map((together) => (
          <li key={together[0]?.Id} className={classes.group} data-together={together.length > 1 || undefined}>
            {together.length > 1 && <span className={classes.together}>{t("At the same time")}</span>}
            <ol className={classes.inner}>
              {rows
                .filter((row) => together.includes(row.step))
                .map((row) => (
                  <StepRow
                    key={row.id}
                    row={row}
                    names={names}
                    compact={compact}
                    current={row.id === selected}
                    dragging={dragged?.id === row.id}
                    mark={
                      over?.id === row.id && dragged && dragged.id !== row.id
                        ? over.after
                          ? "after"
                          : "before"
                        : undefined
                    }
                    onSelect={() => onSelect(row.id)}
                    onOpen={onSelect}
                    onMove={(to) => move(row, to)}
                    onStep={step}
                    onDrag={() => drag(row)}
                    onOver={(after) => {
                      const can = canDrop(row);
                      if (can) setOver({ id: row.id, after });
                      return can;
                    }}
                    onDrop={(after) => drop(row, after)}
                    onEnd={() => {
                      drag(undefined);
                      setOver(undefined);
                    }}
                  />
                ))}
            </ol>
          </li>
        ))}
      </ol>
    </>
  );
}

// useNames gives the names of environments and channels by their ids.
export function useNames(): Names {
  const { project } = useEditor();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const channels = useChannels(project);
  return new Map([...(environments.data ?? []), ...channels].map((e) => [e.Id, e.Name]));
}
