import { Alert } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { useTenantFilter } from "./TenantFilter";
import { TenantTable } from "./TenantTable";
import { useTagSets } from "./tags";

// ProjectTenants are the tenants that a project is deployed for.
export default function ProjectTenants() {
  const space = useSpaceId();
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const sets = useTagSets("Tenant");
  const filter = useTenantFilter(sets);
  return (
    <Page title={t("Tenants")} actions={filter.fields}>
      <Read of={project}>
        {(p) => (
          <>
            {p.TenantedDeploymentMode === "Untenanted" && (
              <Alert variant="default">
                {t("This project is never deployed for a tenant. Its settings can say otherwise.")}
              </Alert>
            )}
            <TenantTable
              project={p.Id}
              sets={sets}
              filtered={filter.filtered}
              query={filter.query}
              empty={
                <EmptyState
                  icon={IconUsersGroup}
                  title={t("No tenant is connected with this project.")}
                  hint={t("A tenant's page connects it with projects, and says in which environments.")}
                >
                  <ButtonLink to={to.tenants(space)} variant="default">
                    {t("Go to the tenants")}
                  </ButtonLink>
                </EmptyState>
              }
            />
          </>
        )}
      </Read>
    </Page>
  );
}
