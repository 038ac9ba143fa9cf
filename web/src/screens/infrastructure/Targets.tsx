import { Button, Select } from "@mantine/core";
import { IconServer2 } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { choicesOf } from "~/ui/PickMany";
import { SavedFilters } from "~/ui/SavedFilters";
import { EmptyState, Read } from "~/ui/state";
import { Pager } from "~/ui/Table";
import { MachineTable } from "./MachineTable";
import { Names } from "./Names";
import { places } from "./places";
import { useCheckHealth } from "./useCheckHealth";
import { Views } from "./Views";

const take = 50;

export default function Targets() {
  const space = useSpaceId();
  const [text, setText] = useQueryWord("partialName");
  const [environment, setEnvironment] = useQueryWord("environmentIds");
  const [role, setRole] = useQueryWord("roles");
  const [health, setHealth] = useQueryWord("healthStatuses");
  const [skip] = useQueryWord("skip");
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const roles = useGet("/api/{spaceId}/machineroles/all", {});
  const machines = useGet(
    "/api/{spaceId}/machines",
    {},
    {
      query: {
        partialName: text || undefined,
        environmentIds: environment || undefined,
        roles: role || undefined,
        healthStatuses: health || undefined,
        skip: skip || "0",
        take,
      },
      keep: true,
    },
  );
  const mayAdd = useMay("MachineCreate");
  const check = useCheckHealth();
  const filtered = Boolean(text || environment || role || health);
  const nameOf = (id: string) => environments.data?.find((e) => e.Id === id)?.Name;
  const add = mayAdd && <ButtonLink to={places.newTarget(space)}>{t("Add target…")}</ButtonLink>;

  return (
    <Page
      title={t("Deployment targets")}
      actions={
        <>
          <Filter w={170} label={t("Filter by name")} value={text} onChange={setText} />
          <Select
            w={160}
            aria-label={t("Environment")}
            placeholder={t("Any environment")}
            clearable
            searchable
            data={choicesOf(environments.data)}
            value={environment || null}
            onChange={(v) => setEnvironment(v ?? undefined)}
          />
          <Select
            w={130}
            aria-label={t("Target tag")}
            placeholder={t("Any tag")}
            clearable
            searchable
            data={roles.data ?? []}
            value={role || null}
            onChange={(v) => setRole(v ?? undefined)}
          />
          <Select
            w={140}
            aria-label={t("Health")}
            placeholder={t("Any health")}
            clearable
            data={["Healthy", "HasWarnings", "Unhealthy", "Unavailable", "Unknown"].map((value) => ({
              value,
              label: value === "HasWarnings" ? t("Has warnings") : t(value),
            }))}
            value={health || null}
            onChange={(v) => setHealth(v ?? undefined)}
          />
          <SavedFilters of="targets" />
          <Button variant="default" loading={check.isPending} onClick={() => check.all()}>
            {t("Check health")}
          </Button>
          {add}
        </>
      }
    >
      <Views />
      <Read of={machines}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState
              icon={IconServer2}
              title={
                filtered
                  ? t("No target matches these filters.")
                  : t("No targets yet. A target is a machine or service you deploy to.")
              }
            >
              {!filtered && add}
            </EmptyState>
          ) : (
            <>
              <MachineTable
                label={t("Deployment targets")}
                machines={Items}
                to={(id) => places.target(space, id)}
                columns={[
                  { head: t("Environments"), of: (m) => <Names of={(m.EnvironmentIds ?? []).map(nameOf)} /> },
                  { head: t("Target tags"), of: (m) => <Names of={m.Roles} /> },
                ]}
              />
              <Pager total={TotalResults} take={take} />
            </>
          )
        }
      </Read>
    </Page>
  );
}
