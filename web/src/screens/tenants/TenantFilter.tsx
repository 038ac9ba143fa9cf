import { useQueryWord } from "~/app/navigation";
import { t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { TagFilter, type TagSet } from "./tags";

// useTenantFilter keeps in the address which tenants are wanted: the fields to
// say so, and what the server is asked for.
export function useTenantFilter(sets: TagSet[]) {
  const [name, setName] = useQueryWord("partialName");
  const [tags, setTags] = useQueryWord("tags");
  const chosen = tags.split(",").filter(Boolean);
  return {
    fields: (
      <>
        <Filter label={t("Filter by name")} value={name} onChange={setName} />
        <TagFilter sets={sets} value={chosen} onChange={(next) => setTags(next.join(","))} />
      </>
    ),
    filtered: Boolean(name || tags),
    query: { partialName: name || undefined, tags: tags || undefined },
  };
}
