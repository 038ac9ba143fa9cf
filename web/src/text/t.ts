// Every text that a person reads goes through t, so that there is one place to
// translate it at. The English text is its own key; {name} is filled in.
export type Values = Record<string, string | number>;

export function t(text: string, values?: Values): string {
  if (!values) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

// many chooses between the forms for one and for any other number; {n} is it.
export function many(n: number, one: string, others: string): string {
  return t(n === 1 ? one : others, { n: n.toLocaleString("en") });
}
