import { MultiSelect, type MultiSelectProps } from "@mantine/core";
import { t } from "~/text/t";

export type Choice = { value: string; label: string };

// choicesOf makes choices of documents.
export const choicesOf = (list: { Id: string; Name: string }[] | null | undefined): Choice[] =>
  (list ?? []).map(({ Id, Name }) => ({ value: Id, label: Name }));

type Props = Omit<MultiSelectProps, "data" | "value" | "onChange"> & {
  choices: Choice[];
  value: string[] | null | undefined;
  onChange: (value: string[]) => void;
};

// PickMany chooses some of many. What is chosen and no longer there stays, by
// its id, until it is taken out.
export function PickMany({ choices, value, onChange, placeholder, ...rest }: Props) {
  const chosen = value ?? [];
  const known = new Set(choices.map((c) => c.value));
  const gone = chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: t("{id} (missing)", { id }) }));
  return (
    <MultiSelect
      size="xs"
      searchable
      hidePickedOptions
      nothingFoundMessage={t("Nothing found")}
      data={[...choices, ...gone]}
      value={chosen}
      onChange={onChange}
      placeholder={chosen.length === 0 ? placeholder : undefined}
      {...rest}
    />
  );
}
