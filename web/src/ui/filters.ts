// Filters of lists as they stand in the address.

export type Saved = { name: string; query: string };

// queryOf is what a list is filtered by, in one order whatever was chosen first;
// where in the list somebody is and which dialog is open do not count.
export function queryOf(search: Record<string, unknown>): string {
  const words = Object.entries(search)
    .filter(([name, value]) => value !== undefined && value !== "" && !["skip", "add", "choose"].includes(name))
    .map(([name, value]) => [name, String(value)])
    .sort(([a = ""], [b = ""]) => a.localeCompare(b));
  return new URLSearchParams(words).toString();
}

// withFilter adds a filter; one of the same name is replaced where it stands.
export function withFilter(all: Saved[], filter: Saved): Saved[] {
  const isNamed = (f: Saved) => f.name.toLowerCase() === filter.name.toLowerCase();
  return all.some(isNamed) ? all.map((f) => (isNamed(f) ? filter : f)) : [...all, filter];
}
