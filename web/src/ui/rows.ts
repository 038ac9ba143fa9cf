// Keys of tables: up and down lead from row to row in the same column, left and
// right through a row; Enter then opens what has the focus.
import type { KeyboardEvent } from "react";
import { takesText } from "~/shell/keys";

const stop = "a[href], button:not(:disabled), input:not(:disabled)";

const first = (within: Element | undefined | null) => within?.querySelector<HTMLElement>(stop) ?? undefined;

function rowTo(table: HTMLElement, from: HTMLElement, by: number): HTMLElement | undefined {
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tbody tr")].filter((row) => first(row));
  const row = from.closest("tr");
  const next = row && rows.includes(row) ? rows[rows.indexOf(row) + by] : by > 0 ? rows[0] : undefined;
  const column = from.closest<HTMLTableCellElement>("td, th")?.cellIndex ?? 0;
  return first(next?.cells[column]) ?? first(next);
}

function stopTo(from: HTMLElement, by: number): HTMLElement | undefined {
  const stops = [...(from.closest("tbody tr")?.querySelectorAll<HTMLElement>(stop) ?? [])];
  const at = stops.indexOf(from);
  return at < 0 ? undefined : stops[at + by];
}

function target(key: string, table: HTMLElement, from: HTMLElement): HTMLElement | undefined {
  switch (key) {
    case "ArrowDown":
      return rowTo(table, from, 1);
    case "ArrowUp":
      return rowTo(table, from, -1);
    case "ArrowRight":
      return stopTo(from, 1);
    case "ArrowLeft":
      return stopTo(from, -1);
    default:
      return undefined;
  }
}

// rowKeys moves the focus within the table that hears the press.
export function rowKeys(event: KeyboardEvent<HTMLElement>) {
  const from = event.target as HTMLElement;
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  // A menu of a row hears its keys itself, as does a field for text.
  if (!event.currentTarget.contains(from)) return;
  if (takesText(from) && !(from instanceof HTMLInputElement && from.type === "checkbox")) return;
  const to = target(event.key, event.currentTarget, from);
  if (!to) return;
  event.preventDefault();
  to.focus();
}
