import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { type Choice, PickMany } from "~/ui/PickMany";
import classes from "./tenants.module.css";

export type TagSet = Wire<"TagSet">;

// useTagSets gives the sets whose tags a kind of thing may have.
export function useTagSets(scope: string): TagSet[] {
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  return (sets.data ?? []).filter((s) => (s.Scopes ?? []).length === 0 || s.Scopes?.includes(scope));
}

// Tags shows tags, with the colour that somebody gave them at their edge.
export function Tags({ of, sets }: { of: string[] | null; sets: TagSet[] }) {
  const known = new Map(sets.flatMap((s) => (s.Tags ?? []).map((x) => [x.CanonicalTagName.toLowerCase(), x])));
  if (!of || of.length === 0) return null;
  return (
    <span className={classes.tags}>
      {of.map((name) => (
        <span
          key={name}
          className={`ellipsis ${classes.tag}`}
          title={name}
          style={{ borderLeftColor: known.get(name.toLowerCase())?.Color || undefined }}
        >
          {name.slice(name.indexOf("/") + 1)}
        </span>
      ))}
    </span>
  );
}

export const tagChoices = (sets: TagSet[]): Choice[] =>
  sets.flatMap((s) => (s.Tags ?? []).map((x) => ({ value: x.CanonicalTagName, label: x.CanonicalTagName })));

type PickProps = { sets: TagSet[]; value: string[]; onChange: (tags: string[]) => void };

// TagFilter narrows a list to what has one of the tags of each set.
export function TagFilter({ sets, value, onChange }: PickProps) {
  const choices = tagChoices(sets);
  if (choices.length === 0 && value.length === 0) return null;
  return (
    <PickMany
      w={240}
      clearable
      aria-label={t("Filter by tags")}
      placeholder={t("Filter by tags")}
      choices={choices}
      value={value}
      onChange={onChange}
    />
  );
}
