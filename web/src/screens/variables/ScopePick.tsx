import { MultiSelect } from "@mantine/core";
import { t } from "~/text/t";
import { useSheet } from "./sheet";
import { type Dimension, dimensions, type Scope, scopeOf, withScope } from "./variables";

type Props = {
  value: Scope | null;
  onChange: (scope: Scope) => void;
  label?: string;
  autoFocus?: boolean;
  onDone?: (to: "stay" | "away") => void;
};

// A dimension and an id as one word, since ids of different kinds can be equal.
const word = (dimension: string, id: string) => `${dimension}:${id}`;

// ScopePick chooses what a value is limited to, from all dimensions at once.
export function ScopePick({ value, onChange, label, autoFocus, onDone }: Props) {
  const { values } = useSheet();
  const chosen = scopeOf(value);
  const data = dimensions.flatMap((d) => {
    const known = values?.[d.values] ?? [];
    const gone = chosen.filter((c) => c.dimension === d.name && !known.some((k) => k.Id === c.id));
    const items = [
      ...known.map((k) => ({ value: word(d.name, k.Id), label: k.Name })),
      ...gone.map((g) => ({ value: word(d.name, g.id), label: t("{id} (missing)", { id: g.id }) })),
    ];
    return items.length > 0 ? [{ group: d.label, items }] : [];
  });
  const put = (words: string[]) => {
    let next = { ...value } as Scope;
    for (const { name } of dimensions) {
      const ids = words.filter((w) => w.startsWith(`${name}:`)).map((w) => w.slice(name.length + 1));
      const had = value?.[name as Dimension] ?? [];
      // Those that stay keep their order, so that nothing changes but what is.
      const kept = [...had.filter((id) => ids.includes(id)), ...ids.filter((id) => !had.includes(id))];
      if (kept.length > 0 || had.length > 0) next = withScope(next, name, kept);
    }
    onChange(next);
  };
  return (
    <MultiSelect
      size="xs"
      label={label}
      aria-label={label ? undefined : t("Scope")}
      data-autofocus={autoFocus || undefined}
      autoFocus={autoFocus}
      defaultDropdownOpened={autoFocus}
      searchable
      hidePickedOptions
      maxDropdownHeight={320}
      nothingFoundMessage={t("Nothing found")}
      placeholder={chosen.length === 0 ? t("Everywhere") : undefined}
      comboboxProps={{ withinPortal: true, width: "max-content", position: "bottom-start" }}
      data={data}
      value={chosen.map((c) => word(c.dimension, c.id))}
      onChange={put}
      onKeyDown={(e) => {
        if (e.key === "Escape") onDone?.("stay");
      }}
      onBlur={() => onDone?.("away")}
    />
  );
}
