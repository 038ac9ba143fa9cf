import { Select } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Dashboard } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { choicesOf, PickMany } from "~/ui/PickMany";

export type Filter = { group: string; environments: string[]; tenant: string };

type Props = { board: Dashboard; filter: Filter; onFilter: (change: Partial<Filter>) => void };

// Filters narrow the dashboard to a group of projects, to some environments, or
// to what one tenant has.
export default function Filters({ board, filter, onFilter }: Props) {
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
    </>
  );
}

// TenantChoice finds a tenant by its name on the server, which may have
// thousands of them.
function TenantChoice({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const [typed, setTyped] = useState("");
  const may = useMay("TenantView");
  const chosen = useGet("/api/{spaceId}/tenants/{id}", { id: value });
  // The name of what is chosen stands in the field, and is no search.
  const partialName = typed === chosen.data?.Name ? "" : typed;
  const found = useGet("/api/{spaceId}/tenants", {}, { query: { partialName, take: 20 }, keep: true, enabled: may });
  if (!value && (!found.data || (found.data.TotalResults === 0 && !typed))) return null;
  const items = (found.data?.Items ?? []).filter((x) => x.Id !== value);
  return (
    <Select
      w={170}
      aria-label={t("Tenant")}
      placeholder={t("All tenants")}
      clearable
      searchable
      nothingFoundMessage={t("Nothing found")}
      filter={({ options }) => options}
      data={choicesOf(chosen.data ? [chosen.data, ...items] : items)}
      value={value || null}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={(id) => onChange(id ?? "")}
    />
  );
}
