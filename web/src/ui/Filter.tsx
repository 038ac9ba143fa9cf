import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";

type Props = { label: string; placeholder?: string; value: string; onChange: (words: string) => void; w?: number };

// Filter narrows what a page shows; the key / leads to it.
export function Filter({ label, placeholder = label, value, onChange, w = 200 }: Props) {
  return (
    <TextInput
      type="search"
      w={w}
      placeholder={placeholder}
      aria-label={label}
      leftSection={<IconSearch size={15} />}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}
