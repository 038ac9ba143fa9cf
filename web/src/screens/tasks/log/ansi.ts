// Colours and links in the lines of a log. Codes that we know no look for are
// dropped, never shown.
export type Span = { text: string; colour?: number; bold?: boolean; dim?: boolean; underline?: boolean; href?: string };

type Style = Omit<Span, "text" | "href">;

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what the codes begin with
const codes = /\x1b\[([0-9;:]*)m|\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]/g;

function after(style: Style, text: string): Style {
  const numbers = text === "" ? [0] : text.split(/[;:]/).map(Number);
  let next = { ...style };
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i] ?? 0;
    if (n === 0) next = {};
    else if (n === 1) next.bold = true;
    else if (n === 2) next.dim = true;
    else if (n === 4) next.underline = true;
    else if (n === 22) next = { ...next, bold: undefined, dim: undefined };
    else if (n === 24) next.underline = undefined;
    else if (n >= 30 && n <= 37) next.colour = n - 30;
    else if (n >= 90 && n <= 97) next.colour = n - 90;
    else if (n === 39) next.colour = undefined;
    else if (n === 38 || n === 48) {
      // 256 colours and true colours: of the former the first 16 are ours.
      const index = numbers[i + 2] ?? 0;
      if (n === 38 && numbers[i + 1] === 5 && index < 16) next.colour = index % 8;
      i += numbers[i + 1] === 5 ? 2 : 4;
    }
  }
  return next;
}

// An address, or a link in Markdown as agents write it.
const links = /\[([^\]\n]+)\]\(((?:~\/|https?:\/\/)[^)\s]+)\)|https?:\/\/[^\s"'<>)\]]*[^\s"'<>)\].,;:!?]/g;

function linked(text: string, style: Style): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(links)) {
    if (match.index > at) spans.push({ ...style, text: text.slice(at, match.index) });
    const [whole, label, address] = match;
    const href = (address ?? whole).replace(/^~\/app/, "").replace(/^~\//, "./");
    spans.push({ ...style, text: label ?? whole, href });
    at = match.index + whole.length;
  }
  if (at < text.length) spans.push({ ...style, text: text.slice(at) });
  return spans;
}

// spansOf cuts a line into parts that look alike.
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let style: Style = {};
  let at = 0;
  const take = (end: number) => {
    if (end > at) spans.push(...linked(line.slice(at, end), style));
  };
  for (const match of line.matchAll(codes)) {
    take(match.index);
    if (match[1] !== undefined) style = after(style, match[1]);
    at = match.index + match[0].length;
  }
  take(line.length);
  return spans;
}

// plainOf is a line without its codes, to be searched in.
export const plainOf = (line: string) => line.replace(codes, "");
