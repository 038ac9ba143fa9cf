import { ActionIcon, Menu, Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconCopy,
  IconDots,
  IconEyeOff,
  IconGripVertical,
  IconNote,
  IconPlayerPlay,
  IconPlus,
  IconTrash,
} from "@tabler/icons-react";
import type { DragEvent, KeyboardEvent } from "react";
import { t } from "~/text/t";
import { useChooser } from "./choosing";
import { useEditor } from "./editor";
import type { Row } from "./StepList";
import classes from "./StepList.module.css";
import { clone, remove, withAction, withStep } from "./steps";
import { aboutOf, type Names, whenOf, whereOf, windowOf } from "./summary";
import { typeOf } from "./types/registry";

type Props = {
  row: Row;
  names: Names;
  compact: boolean;
  current: boolean;
  dragging: boolean;
  mark?: "before" | "after";
  onSelect: () => void;
  onOpen: (id: string) => void;
  onMove: (to: number) => void;
  onStep: (from: HTMLElement, by: number) => void;
  onDrag: () => void;
  onOver: (after: boolean) => boolean;
  onDrop: (after: boolean) => void;
  onEnd: () => void;
};

const isAfter = (event: DragEvent<HTMLElement>) => {
  const box = event.currentTarget.getBoundingClientRect();
  return event.clientY > box.top + box.height / 2;
};

// StepRow is one line of the list of steps.
export function StepRow({ row, names, compact, current, dragging, mark, ...on }: Props) {
  const { mayEdit, complaints } = useEditor();
  const { step, action, kind, number } = row;
  const name = kind === "child" ? action.Name : step.Name;
  const Picture = typeOf(action).icon;
  const isWrong = complaints.some((c) =>
    kind === "parent" ? c.step === step.Id && !c.action : c.action === action.Id,
  );
  const isOff = kind === "parent" ? (step.Actions ?? []).every((a) => a.IsDisabled) : action.IsDisabled;

  const press = (event: KeyboardEvent<HTMLElement>) => {
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    if (event.altKey) on.onMove(row.at + by);
    else on.onStep(event.currentTarget, by);
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the button inside has the keys
    <li
      className={classes.row}
      data-kind={kind}
      data-current={current || undefined}
      data-dragging={dragging || undefined}
      data-mark={mark}
      data-off={isOff || undefined}
      draggable={mayEdit}
      onDragStart={(e) => {
        e.stopPropagation();
        e.dataTransfer.effectAllowed = "move";
        e.dataTransfer.setData("text/plain", name);
        on.onDrag();
      }}
      onDragOver={(e) => {
        if (on.onOver(isAfter(e))) e.preventDefault();
      }}
      onDrop={(e) => {
        e.preventDefault();
        on.onDrop(isAfter(e));
      }}
      onDragEnd={on.onEnd}
      onClick={on.onSelect}
    >
      {mayEdit && <IconGripVertical size={15} className={classes.grip} aria-hidden />}
      <span className={`${classes.number} number`}>{number}</span>
      {kind !== "parent" && (
        <span className={classes.icon}>
          <Picture size={17} stroke={1.7} />
        </span>
      )}
      <div className={classes.words}>
        <UnstyledButton
          className={classes.name}
          data-row={row.id}
          aria-current={current ? "true" : undefined}
          aria-keyshortcuts={mayEdit ? "Alt+ArrowUp Alt+ArrowDown" : undefined}
          onKeyDown={press}
          onClick={(e) => {
            e.stopPropagation();
            on.onSelect();
          }}
        >
          {name}
        </UnstyledButton>
        <span className={classes.about}>
          {kind === "parent"
            ? t("{n} actions on {where}, {window}", {
                n: step.Actions?.length ?? 0,
                where: whereOf(step, { ...action, ActionType: "Octopus.TentaclePackage" }),
                window: windowOf(step),
              })
            : aboutOf(action)}
        </span>
      </div>
      {!compact && kind !== "parent" && (
        <span className={classes.where}>{kind === "child" ? "" : whereOf(step, action)}</span>
      )}
      <div className={classes.badges}>
        {isWrong && (
          <span className={classes.badge} data-tone="bad">
            {t("to mend")}
          </span>
        )}
        {isOff && (
          <span className={classes.badge} data-tone="off">
            {t("disabled")}
          </span>
        )}
        {!compact &&
          kind !== "parent" &&
          whenOf(step, action, names).map((w) => (
            <span key={w} className={classes.badge}>
              {w}
            </span>
          ))}
        {action.Notes && kind !== "parent" && (
          <Tooltip label={action.Notes} multiline maw={320}>
            <span className={classes.note}>
              <IconNote size={15} role="img" aria-label={t("Notes")} />
            </span>
          </Tooltip>
        )}
      </div>
      {mayEdit && <RowMenu row={row} name={name} onMove={on.onMove} onOpen={on.onOpen} />}
    </li>
  );
}

type MenuProps = { row: Row; name: string; onMove: (to: number) => void; onOpen: (id: string) => void };

function RowMenu({ row, name, onMove, onOpen }: MenuProps) {
  const { steps, change } = useEditor();
  const choose = useChooser();
  const { step, action, kind } = row;
  const isParent = kind === "parent";
  const toggle = () =>
    change((now) =>
      isParent
        ? withStep(now, step.Id, (s) => ({
            ...s,
            Actions: (s.Actions ?? []).map((a) => ({ ...a, IsDisabled: !allOff })),
          }))
        : withAction(now, action.Id, (a) => ({ ...a, IsDisabled: !a.IsDisabled })),
    );
  const allOff = (step.Actions ?? []).every((a) => a.IsDisabled);
  const isOff = isParent ? allOff : action.IsDisabled;
  const copy = () => {
    const { steps: next, made } = clone(steps, action.Id);
    change(() => next);
    onOpen(made);
  };
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          aria-label={t("Actions for {name}", { name })}
          onClick={(e) => e.stopPropagation()}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown onClick={(e) => e.stopPropagation()}>
        <Menu.Item
          leftSection={<IconArrowUp size={15} />}
          rightSection={<kbd>Alt ↑</kbd>}
          disabled={row.at === 0}
          onClick={() => onMove(row.at - 1)}
        >
          {t("Move up")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconArrowDown size={15} />}
          rightSection={<kbd>Alt ↓</kbd>}
          disabled={row.at === row.of - 1}
          onClick={() => onMove(row.at + 1)}
        >
          {t("Move down")}
        </Menu.Item>
        <Menu.Divider />
        {kind !== "child" && (
          <Menu.Item leftSection={<IconPlus size={15} />} onClick={() => choose(step.Id)}>
            {t("Add child step…")}
          </Menu.Item>
        )}
        {!isParent && (
          <Menu.Item leftSection={<IconCopy size={15} />} onClick={copy}>
            {t("Clone")}
          </Menu.Item>
        )}
        <Menu.Item leftSection={isOff ? <IconPlayerPlay size={15} /> : <IconEyeOff size={15} />} onClick={toggle}>
          {isOff ? t("Enable") : t("Disable")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          color="bad"
          leftSection={<IconTrash size={15} />}
          onClick={() => change((now) => (isParent ? now.filter((s) => s.Id !== step.Id) : remove(now, action.Id)))}
        >
          {t("Delete")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
