import type { ReactNode } from "react";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { StatusChip } from "~/ui/StatusChip";
import { healthLook, offLook } from "~/ui/status";
import { Table } from "~/ui/Table";
import { addressOf, type MachineLike, styleOf } from "./machine";

type Props<M extends MachineLike> = {
  label: string;
  machines: M[];
  to: (id: string) => string;
  // columns are what this kind of machine has besides.
  columns: { head: string; of: (machine: M) => ReactNode }[];
};

// MachineTable lists targets or workers with their health.
export function MachineTable<M extends MachineLike>({ label, machines, to, columns }: Props<M>) {
  return (
    <Table label={label} first head={[t("Name"), t("Health"), t("Reached by"), ...columns.map((c) => c.head)]}>
      {machines.map((m) => (
        <tr key={m.Id}>
          <th scope="row">
            <Link to={to(m.Id)}>{m.Name}</Link>
          </th>
          <td title={m.StatusSummary}>
            <StatusChip look={m.IsDisabled ? offLook(t("Disabled")) : healthLook(m.HealthStatus)} />
          </td>
          <td className="dim">
            {styleOf(m.Endpoint)} {addressOf(m.Endpoint)}
          </td>
          {columns.map((c) => (
            <td key={c.head}>{c.of(m)}</td>
          ))}
        </tr>
      ))}
    </Table>
  );
}
