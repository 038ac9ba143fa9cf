// What an entry of the audit trail holds; the API's description leaves it open.
export type Difference = { op: string; path: string; value: unknown; oldValue?: unknown };

export type Event = {
  Id: string;
  Category: string;
  Username: string;
  IdentityEstablishedWith: string;
  IpAddress: string;
  UserAgent: string;
  Occurred: string;
  Message: string;
  Comments: string;
  Details: string;
  ChangeDetails: { Differences: Difference[] };
};

export type Events = { Items: Event[]; TotalResults: number };

export type Named = { Id: string; Name: string };

// textOf is a value as people read it, "" where there was none.
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

// placeOf names a member: /Steps/0/Name is Steps › 0 › Name.
export const placeOf = (path: string): string => path.split("/").filter(Boolean).join(" › ");
