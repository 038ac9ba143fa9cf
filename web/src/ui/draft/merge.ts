// Changes to lists whose members have ids, and how two people's come together.
export type Keyed = { Id: string };

// same compares values as JSON does.
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, v]) => v !== undefined);
  const right = b as Record<string, unknown>;
  if (left.length !== Object.values(right).filter((v) => v !== undefined).length) return false;
  return left.every(([name, value]) => name in right && same(value, right[name]));
}

export type Change<T> = { id: string; before?: T; after?: T };

const byId = <T extends Keyed>(list: T[]) => new Map(list.map((item) => [item.Id, item]));

// changes lists what was added, removed and changed, in the order of the page.
export function changes<T extends Keyed>(before: T[], after: T[]): Change<T>[] {
  const old = byId(before);
  const now = byId(after);
  const made: Change<T>[] = [];
  for (const item of after) {
    const was = old.get(item.Id);
    if (!was || !same(was, item)) made.push({ id: item.Id, before: was, after: item });
  }
  for (const item of before) if (!now.has(item.Id)) made.push({ id: item.Id, before: item });
  return made;
}

// moved reports whether what is in both lists stands in another order.
export function moved<T extends Keyed>(before: T[], after: T[]): boolean {
  const old = byId(before);
  const now = byId(after);
  const left = before.filter((item) => now.has(item.Id));
  const right = after.filter((item) => old.has(item.Id));
  return left.some((item, i) => item.Id !== right[i]?.Id);
}

export type Clash<T> = { id: string; base?: T; mine?: T; theirs?: T };
export type Side = "mine" | "theirs";
export type Merge<T> = {
  // clashes are what both have changed, each in another way.
  clashes: Clash<T>[];
  theirs: Change<T>[];
  mine: Change<T>[];
  // result is the list that comes out of it; what is not chosen stays mine.
  result: (choices: Record<string, Side>) => T[];
};

// merge brings together what two people made of the same list.
export function merge<T extends Keyed>(base: T[], mine: T[], theirs: T[]): Merge<T> {
  const ofMine = changes(base, mine);
  const ofTheirs = changes(base, theirs);
  const theirsById = new Map(ofTheirs.map((c) => [c.id, c]));
  const clashes = ofMine.flatMap((c) => {
    const other = theirsById.get(c.id);
    if (!other || same(c.after, other.after)) return [];
    return [{ id: c.id, base: c.before ?? other.before, mine: c.after, theirs: other.after }];
  });
  const result = (choices: Record<string, Side>) => {
    const picked = byId(theirs);
    for (const change of ofMine) {
      if (choices[change.id] === "theirs") continue;
      if (change.after) picked.set(change.id, change.after);
      else picked.delete(change.id);
    }
    const [leading, other] = moved(base, mine) ? [mine, theirs] : [theirs, mine];
    return order(picked, leading, other);
  };
  return { clashes, mine: ofMine, theirs: ofTheirs, result };
}

// order puts items as one list has them; those that only the other list has
// stand after what they follow there.
function order<T extends Keyed>(items: Map<string, T>, leading: T[], other: T[]): T[] {
  const ids = leading.map((item) => item.Id);
  other.forEach((item, i) => {
    if (ids.includes(item.Id)) return;
    const before = other[i - 1];
    ids.splice(before ? ids.indexOf(before.Id) + 1 : 0, 0, item.Id);
  });
  return ids.flatMap((id) => items.get(id) ?? []);
}

// newId is the id of something that is not stored yet; the server keeps it.
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
