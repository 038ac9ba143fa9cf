// Reading variables out of text that somebody pastes: .env files, CSV, JSON.
import { t } from "~/text/t";

export type Pasted = { name: string; value: string; environments: string[]; description: string };
export type Reading = { format: "env" | "csv" | "json"; items: Pasted[]; wrong: string[] };

const one = (name: string, value: string): Pasted => ({ name, value, environments: [], description: "" });

// read finds out what a text is and reads it.
export function read(text: string): Reading {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return readJson(trimmed);
  const [first = ""] = trimmed.split("\n");
  if (/^"?name"?\s*[,;\t]/i.test(first)) return readCsv(trimmed);
  return readEnv(text);
}

function readEnv(text: string): Reading {
  const items: Pasted[] = [];
  const wrong: string[] = [];
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, rest] = /^\s*(?:export\s+)?([^=\s"'][^=]*?)\s*=\s?(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) {
      wrong.push(t("Line {n} is not NAME=value.", { n: i + 1 }));
      continue;
    }
    const quote = rest.trimStart()[0];
    if (quote !== '"' && quote !== "'") {
      items.push(one(name, rest.replace(/\s+#.*$/, "").trimEnd()));
      continue;
    }
    // A quoted value may go over several lines.
    let value = rest.trimStart().slice(1);
    const begun = i;
    while (end(value, quote) < 0 && i < lines.length - 1) value += `\n${lines[++i]}`;
    const at = end(value, quote);
    if (at < 0) {
      wrong.push(t("The quote of line {n} is not closed.", { n: begun + 1 }));
      break;
    }
    const inside = value.slice(0, at);
    items.push(one(name, quote === '"' ? inside.replace(/\\([nrt"\\$])/g, (_, c: string) => escapes[c] ?? c) : inside));
  }
  return { format: "env", items, wrong };
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

// end is where a quoted text ends, -1 if it does not.
function end(text: string, quote: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\" && quote === '"') i++;
    else if (text[i] === quote) return i;
  }
  return -1;
}

function readCsv(text: string): Reading {
  const head = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const separator = ["\t", ";", ","].find((s) => head.includes(s)) ?? ",";
  const [names = [], ...rows] = records(text, separator);
  const column = (...wanted: string[]) => names.findIndex((n) => wanted.includes(n.trim().toLowerCase()));
  const at = {
    name: column("name"),
    value: column("value"),
    scope: column("scope", "environment", "environments"),
    description: column("description"),
  };
  const items: Pasted[] = [];
  const wrong: string[] = [];
  rows.forEach((row, i) => {
    if (row.every((cell) => cell.trim() === "")) return;
    const name = row[at.name]?.trim();
    if (!name) {
      wrong.push(t("Row {n} has no name.", { n: i + 2 }));
      return;
    }
    const environments = (row[at.scope] ?? "")
      .split(/[|;,]/)
      .map((e) => e.trim())
      .filter(Boolean);
    items.push({ name, value: row[at.value] ?? "", environments, description: row[at.description] ?? "" });
  });
  return { format: "csv", items, wrong };
}

// records reads lines of cells, which may be quoted and hold line breaks.
function records(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  const source = text.replaceAll("\r\n", "\n");
  for (let i = 0; i < source.length; i++) {
    const c = source[i] ?? "";
    if (quoted && c === '"' && source[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (c === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (c === separator && !quoted) endCell();
    else if (c === "\n" && !quoted) {
      endCell();
      rows.push([]);
    } else cell += c;
  }
  endCell();
  return rows;
}

function readJson(text: string): Reading {
  const items: Pasted[] = [];
  try {
    flatten("", JSON.parse(text), items);
    return { format: "json", items, wrong: [] };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "";
    return { format: "json", items: [], wrong: [t("This is not JSON: {why}", { why })] };
  }
}

// flatten names nested members as structured configuration does: a:b:c.
function flatten(path: string, value: unknown, into: Pasted[]) {
  if (typeof value === "object" && value !== null) {
    for (const [name, v] of Object.entries(value)) flatten(path ? `${path}:${name}` : name, v, into);
  } else if (path) into.push(one(path, value === null ? "" : String(value)));
}

// looksSecret suggests which names are of secrets.
export const looksSecret = (name: string) =>
  /pass(word|phrase)?|secret|token|private|credential|api[._-]?key/i.test(name);
