import { IconServer2 } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { healthLook } from "~/ui/status";
import { Table } from "~/ui/Table";
import { places } from "./places";
import { Views } from "./Views";

// states are in the order in which somebody has to do something.
const states = ["Unhealthy", "Unavailable", "HasWarnings", "Unknown", "Healthy"];

type Summary = {
  TotalMachines: number;
  TotalDisabledMachines: number;
  MachineHealthStatusSummaries: Record<string, number> | null;
};

// Overview counts targets and workers by how they are; each count leads to them.
export default function Overview() {
  const space = useSpaceId();
  const summary = useGet("/api/{spaceId}/environments/summary", {});
  const mayAdd = useMay("MachineCreate");
  const add = mayAdd && <ButtonLink to={places.newTarget(space)}>{t("Add target…")}</ButtonLink>;
  return (
    <Page title={t("Infrastructure")} actions={add}>
      <Views />
      <Read of={summary}>
        {(all) =>
          all.TotalMachines === 0 ? (
            <EmptyState icon={IconServer2} title={t("No targets yet. A target is a machine or service you deploy to.")}>
              {add}
            </EmptyState>
          ) : (
            <Section title={t("Targets by environment")} flush>
              <Counts
                label={t("Targets by environment")}
                of={t("Environment")}
                rows={(all.EnvironmentSummaries ?? []).map((e) => {
                  const { Id, Name } = e.Environment as Environment;
                  return { name: Name, to: `${places.targets(space)}?environmentIds=${Id}`, summary: e };
                })}
              />
            </Section>
          )
        }
      </Read>
      {useMay("WorkerView") && <Pools />}
    </Page>
  );
}

function Pools() {
  const space = useSpaceId();
  const pools = useGet("/api/{spaceId}/workerpools/summary", {});
  const all = (pools.data as unknown as { WorkerPoolSummaries?: (Summary & { WorkerPool: { Name: string } })[] }) ?? {};
  const rows = (all.WorkerPoolSummaries ?? []).map((p) => ({
    name: p.WorkerPool.Name,
    to: places.workers(space),
    summary: p,
  }));
  if (rows.every((r) => r.summary.TotalMachines === 0)) return null;
  return (
    <Section title={t("Workers by pool")} flush>
      <Counts label={t("Workers by pool")} of={t("Worker pool")} rows={rows} plain />
    </Section>
  );
}

type Counted = { name: string; to: string; summary: Summary };
type Props = { label: string; of: string; rows: Counted[]; plain?: boolean };

// Counts is a table of counts by health; plain ones lead nowhere further.
function Counts({ label, of, rows, plain }: Props) {
  const shown = states.filter((s) => rows.some((r) => r.summary.MachineHealthStatusSummaries?.[s]));
  return (
    <Table label={label} head={[of, t("All"), ...shown.map((s) => healthLook(s).word), t("Disabled")]} first>
      {rows.map(({ name, to, summary }) => (
        <tr key={name}>
          <th scope="row">
            <Link to={to}>{name}</Link>
          </th>
          <td className="number">{summary.TotalMachines}</td>
          {shown.map((s) => {
            const n = summary.MachineHealthStatusSummaries?.[s] ?? 0;
            if (n === 0)
              return (
                <td key={s} className="dim">
                  —
                </td>
              );
            const chip = <StatusChip look={healthLook(s)}>{n}</StatusChip>;
            return <td key={s}>{plain ? chip : <Link to={`${to}&healthStatuses=${s}`}>{chip}</Link>}</td>;
          })}
          <td className="dim number">{summary.TotalDisabledMachines || "—"}</td>
        </tr>
      ))}
    </Table>
  );
}
