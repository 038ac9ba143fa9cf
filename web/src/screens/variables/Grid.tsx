// biome-ignore-all lint/a11y/useSemanticElements: rows of several heights, each drawn when it comes into sight, are no table
// biome-ignore-all lint/a11y/useFocusableInteractive: arrows reach cells; heads and rows are not gone to
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { t } from "~/text/t";
import { type Leaving, NameShown, ScopeEdit, ScopeShown, TextEdit, ValueShown } from "./Cells";
import classes from "./Grid.module.css";
import { useSheet } from "./sheet";
import { addValue, changeOne, type Group, isSensitive, isText, renameGroup, type Variable } from "./variables";

const columns = ["name", "value", "scope"] as const;
type Column = (typeof columns)[number];
type Cell = { id: string; column: Column };

type Props = { groups: Group[]; label: string; fresh?: string };

// Grid shows variables by name and lets them be edited in place, by keyboard as
// in a spreadsheet: arrows go from cell to cell, typing or Enter edits, Tab and
// Enter go on, Escape gives up, Ctrl Enter adds a value.
export function Grid({ groups, label, fresh }: Props) {
  const { change, mayEdit, open, variables } = useSheet();
  const grid = useRef<HTMLDivElement>(null);
  const rows = groups.flatMap((g) => g.variables);
  const [active, setActive] = useState<Cell | undefined>();
  const [editing, setEditing] = useState<{ cell: Cell; begin?: string } | undefined>();
  const wanted = useRef<Cell | undefined>(undefined);
  const at =
    active && rows.some((v) => v.Id === active.id) ? active : rows[0] && { id: rows[0].Id, column: "name" as Column };

  // What was just added is edited at once.
  useEffect(() => {
    if (fresh) setEditing({ cell: { id: fresh, column: "name" } });
  }, [fresh]);

  useEffect(() => {
    const cell = wanted.current;
    if (!cell) return;
    wanted.current = undefined;
    grid.current?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(`${cell.id}:${cell.column}`)}"]`)?.focus();
  });

  const focus = (cell: Cell) => {
    setActive(cell);
    wanted.current = cell;
  };

  const neighbour = (cell: Cell, down: number, right: number): Cell => {
    const row = rows.findIndex((v) => v.Id === cell.id);
    const column = columns.indexOf(cell.column);
    const next = rows[Math.min(Math.max(row + down, 0), rows.length - 1)];
    const to = Math.min(Math.max(column + right, 0), columns.length - 1);
    return { id: next?.Id ?? cell.id, column: columns[to] ?? cell.column };
  };

  const leave = (cell: Cell, to: Leaving) => {
    setEditing(undefined);
    if (to === "down") focus(neighbour(cell, 1, 0));
    else if (to === "right")
      focus(cell.column === "scope" ? { ...neighbour(cell, 1, 0), column: "name" } : neighbour(cell, 0, 1));
    else if (to === "left") focus(neighbour(cell, 0, -1));
    else if (to === "stay") focus(cell);
  };

  const edit = (variable: Variable, column: Column, begin?: string) => {
    if (!mayEdit || !variable.IsEditable) return open(variable.Id);
    const inPlace = isText(variable) && !(variable.Value ?? "").includes("\n");
    if (column === "value" && !inPlace) return open(variable.Id);
    setEditing({ cell: { id: variable.Id, column }, begin });
  };

  const add = (like: Variable) => {
    if (!mayEdit) return;
    const { all, made } = addValue(variables, like);
    change(() => all);
    setEditing({ cell: { id: made.Id, column: "value" } });
  };

  const press = (e: KeyboardEvent, variable: Variable, column: Column) => {
    const cell = { id: variable.Id, column };
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -9],
      End: [0, 9],
      PageUp: [-10, 0],
      PageDown: [10, 0],
    };
    const move = moves[e.key];
    if (move && !e.altKey && !e.metaKey) focus(neighbour(cell, ...move));
    else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) add(variable);
    else if (e.key === "Enter" && e.shiftKey) open(variable.Id);
    else if (e.key === "Enter" || e.key === "F2") edit(variable, column);
    else if (e.key.length === 1 && !e.ctrlKey && !e.metaKey && !e.altKey) edit(variable, column, e.key);
    else return;
    e.preventDefault();
    // What is typed here is no shortcut of the page.
    e.stopPropagation();
  };

  return (
    <div ref={grid} role="grid" aria-label={label} aria-rowcount={rows.length + 1} className={classes.grid}>
      <div role="row" className={`${classes.row} ${classes.head}`}>
        {[t("Name"), t("Value"), t("Scope")].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
        <span role="columnheader">
          <span className="visually-hidden">{t("More")}</span>
        </span>
      </div>
      {groups.map((group) => (
        <div key={group.key} role="rowgroup" className={classes.group} data-new={group.isNew || undefined}>
          {group.variables.map((v, i) => (
            <Line
              key={v.Id}
              variable={v}
              group={group}
              first={i === 0}
              active={at?.id === v.Id ? at.column : undefined}
              editing={editing?.cell.id === v.Id ? editing : undefined}
              onFocus={(column) => setActive({ id: v.Id, column })}
              onEdit={(column) => edit(v, column)}
              onKey={(e, column) => press(e, v, column)}
              onLeave={(column, to) => leave({ id: v.Id, column }, to)}
              onAdd={() => add(v)}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

type LineProps = {
  variable: Variable;
  group: Group;
  first: boolean;
  active?: Column;
  editing?: { cell: Cell; begin?: string };
  onFocus: (column: Column) => void;
  onEdit: (column: Column) => void;
  onKey: (e: KeyboardEvent, column: Column) => void;
  onLeave: (column: Column, to: Leaving) => void;
  onAdd: () => void;
};

function Line({ variable, group, first, active, editing, ...on }: LineProps) {
  const { change, base, open, mayEdit } = useSheet();
  const sensitive = isSensitive(variable);
  const isNew = !base.some((b) => b.Id === variable.Id);
  const ids = group.variables.map((v) => v.Id);
  // The first click chooses a cell, the second edits it.
  const wasChosen = useRef(false);

  const end = (column: Column, text: string | undefined, to: Leaving) => {
    if (text !== undefined) {
      if (column === "name") change((all) => renameGroup(all, ids, text.trim()));
      else if (text !== "" || !sensitive) change((all) => changeOne(all, variable.Id, (v) => ({ ...v, Value: text })));
    }
    on.onLeave(column, to);
  };

  const body: Record<Column, React.ReactNode> = {
    name: <NameShown variable={variable} first={first} count={group.variables.length} />,
    value: <ValueShown variable={variable} />,
    scope: <ScopeShown scope={variable.Scope} />,
  };
  const editor = (column: Column, begin: string | undefined) => {
    switch (column) {
      case "name":
        return (
          <TextEdit label={t("Name")} value={begin ?? variable.Name} onEnd={(text, to) => end("name", text, to)} />
        );
      case "value":
        return (
          <TextEdit
            label={t("Value of {name}", { name: variable.Name })}
            value={begin ?? (sensitive ? "" : (variable.Value ?? ""))}
            secret={sensitive}
            placeholder={sensitive ? t("Type a new secret") : undefined}
            onEnd={(text, to) => end("value", text, to)}
            onLarge={() => open(variable.Id)}
          />
        );
      case "scope":
        return <ScopeEdit variable={variable} onEnd={(to) => on.onLeave("scope", to)} />;
    }
  };

  return (
    <div
      role="row"
      className={classes.row}
      data-new={isNew || undefined}
      data-first={first || undefined}
      data-locked={!variable.IsEditable || undefined}
    >
      {columns.map((column) => (
        <div
          key={column}
          role="gridcell"
          data-cell={`${variable.Id}:${column}`}
          data-column={column}
          className={classes.cell}
          tabIndex={active === column ? 0 : -1}
          onFocus={(e) => e.target === e.currentTarget && on.onFocus(column)}
          onDoubleClick={() => on.onEdit(column)}
          onMouseDown={(e) => {
            wasChosen.current = document.activeElement === e.currentTarget;
          }}
          onClick={() => {
            if (wasChosen.current && !editing && mayEdit) on.onEdit(column);
          }}
          onKeyDown={(e) => e.target === e.currentTarget && on.onKey(e, column)}
        >
          {editing?.cell.column === column ? editor(column, editing.begin) : body[column]}
        </div>
      ))}
      <div role="gridcell" className={classes.more}>
        <LineMenu variable={variable} onAdd={on.onAdd} />
      </div>
    </div>
  );
}

function LineMenu({ variable, onAdd }: { variable: Variable; onAdd: () => void }) {
  const { change, open, mayEdit } = useSheet();
  const may = mayEdit && variable.IsEditable;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={28}
          aria-label={t("Actions for {name}", { name: variable.Name || t("unnamed") })}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconPencil size={15} />}
          rightSection={<kbd>Shift ↵</kbd>}
          onClick={() => open(variable.Id)}
        >
          {may ? t("Edit…") : t("Show…")}
        </Menu.Item>
        {may && (
          <>
            <Menu.Item leftSection={<IconPlus size={15} />} rightSection={<kbd>Ctrl ↵</kbd>} onClick={onAdd}>
              {t("Add another value")}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item
              color="bad"
              leftSection={<IconTrash size={15} />}
              onClick={() => change((all) => all.filter((v) => v.Id !== variable.Id))}
            >
              {t("Delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
