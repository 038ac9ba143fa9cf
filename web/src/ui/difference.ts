// The difference of two texts, line by line.
export type Line = { kind: "same" | "added" | "removed"; text: string; old?: number; now?: number };

// Above this many lines on each side the middle is not searched for what is the
// same, which takes time by their product.
const most = 3000;

export function diff(before: string, after: string): Line[] {
  const a = before === "" ? [] : before.split("\n");
  const b = after === "" ? [] : after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const middle = compare(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const kept = (lines: string[]) => lines.map((text) => ({ kind: "same" as const, text }));
  return numbered([...kept(a.slice(0, head)), ...middle, ...kept(a.slice(a.length - tail))]);
}

function compare(a: string[], b: string[]): Line[] {
  const all = (kind: "added" | "removed", lines: string[]) => lines.map((text) => ({ kind, text }));
  if (a.length === 0 || b.length === 0 || a.length > most || b.length > most) {
    return [...all("removed", a), ...all("added", b)];
  }
  // longest[i][j] is how much the rests from i and j have in common.
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i] ?? "" });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: "removed", text: a[i++] ?? "" });
    } else {
      lines.push({ kind: "added", text: b[j++] ?? "" });
    }
  }
  return lines;
}

function numbered(lines: Line[]): Line[] {
  let old = 0;
  let now = 0;
  return lines.map((line) => ({
    ...line,
    old: line.kind === "added" ? undefined : ++old,
    now: line.kind === "removed" ? undefined : ++now,
  }));
}

export type Hunk = { skipped: number; lines: Line[] };

// hunks leaves out what is the same, but for some lines around each change.
export function hunks(lines: Line[], around = 3): Hunk[] {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some((line) => line.kind !== "same"),
  );
  const parts: Hunk[] = [];
  let skipped = 0;
  lines.forEach((line, i) => {
    if (!near[i]) {
      skipped++;
      return;
    }
    if (skipped > 0 || parts.length === 0) parts.push({ skipped, lines: [] });
    skipped = 0;
    parts.at(-1)?.lines.push(line);
  });
  if (skipped > 0) parts.push({ skipped, lines: [] });
  return parts;
}
