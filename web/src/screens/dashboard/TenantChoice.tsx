import { Select } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { choicesOf } from "~/ui/PickMany";

// TenantChoice finds a tenant by its name on the server, which may have
// thousands of them.
export function TenantChoice({ value, onChange }: { value: string; onChange: (id: string) => void }) {
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
