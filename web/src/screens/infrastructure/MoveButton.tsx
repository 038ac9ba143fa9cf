import { ActionIcon } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";

type Props = { label: string; icon: Icon; disabled?: boolean; onClick: () => void };

export function MoveButton({ label, icon: Picture, ...rest }: Props) {
  return (
    <ActionIcon variant="default" size={28} aria-label={label} title={label} {...rest}>
      <Picture size={15} aria-hidden />
    </ActionIcon>
  );
}
