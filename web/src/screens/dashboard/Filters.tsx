import { ActionIcon, Select } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import type { Dashboard } from "~/api/wire";
import { t } from "~/text/t";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { SavedFilters } from "~/ui/SavedFilters";
import { TenantChoice } from "./TenantChoice";

export type Filter = { group: string; environments: string[]; tenant: string };

type Props = { board: Dashboard; filter: Filter; onFilter: (change: Partial<Filter>) => void; onChoose: () => void };

// Filters narrow the dashboard to a group of projects, to some environments, or
// to what one tenant has.
export default function Filters({ board, filter, onFilter, onChoose }: Props) {
  const groups = board.ProjectGroups ?? [];
  return (
    <>
      {(groups.length > 1 || filter.group) && (
        <Select
          w={170}
          aria-label={t("Project group")}
          placeholder={t("All groups")}
          clearable
          searchable
          data={choicesOf(groups)}
          value={filter.group || null}
          onChange={(group) => onFilter({ group: group ?? "" })}
        />
      )}
      <PickMany
        w={filter.environments.length > 0 ? 270 : 190}
        clearable
        aria-label={t("Environments")}
        placeholder={t("All environments")}
        choices={choicesOf(board.Environments)}
        value={filter.environments}
        onChange={(environments) => onFilter({ environments })}
      />
      <TenantChoice value={filter.tenant} onChange={(tenant) => onFilter({ tenant })} />
      <SavedFilters of="dashboard" />
      <ActionIcon aria-label={t("Choose what is shown…")} title={t("Choose what is shown…")} onClick={onChoose}>
        <IconAdjustmentsHorizontal size={17} />
      </ActionIcon>
    </>
  );
}
