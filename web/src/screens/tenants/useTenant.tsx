import type { ReactNode } from "react";
import { useGet, useSpaceId } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import type { Crumb } from "~/ui/Page";
import { Read } from "~/ui/state";
import { TabLinks } from "~/ui/TabLinks";
import type { Tenant } from "./TenantTable";

// OfTenant reads the tenant that the address names.
export function OfTenant({ page, children }: { page: string; children: (tenant: Tenant) => ReactNode }) {
  const tenant = useGet("/api/{spaceId}/tenants/{id}", { id: useParam("tenant") });
  return (
    <Read of={tenant} page={page}>
      {children}
    </Read>
  );
}

export function useCrumbs(tenant: Tenant): Crumb[] {
  return [{ label: t("Tenants"), to: to.tenants(useSpaceId()) }, { label: tenant.Name }];
}

// TenantTabs leads between the pages of a tenant.
export function TenantTabs() {
  const space = useSpaceId();
  // As the address has it, so that the current one is known.
  const id = decodeURIComponent(useParam("tenant"));
  return (
    <TabLinks
      label={t("Pages of the tenant")}
      tabs={[
        { to: to.tenant(space, id), label: t("Overview") },
        { to: to.tenantVariables(space, id), label: t("Variables") },
        { to: to.tenantSettings(space, id), label: t("Settings") },
      ]}
    />
  );
}
