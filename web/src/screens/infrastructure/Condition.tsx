import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Facts, Section } from "~/ui/Section";
import { addressOf, type MachineLike, styleOf } from "./machine";

type Report = { LastChecked?: string | null; Logs?: { Category?: string; MessageText?: string }[] | null };

// stateOf is what the server says, but for a machine that was never looked at:
// its first check begins by itself, so nobody has to ask for it.
function stateOf(machine: MachineLike, report: Report | undefined): string {
  const awaited = machine.HealthStatus === "Unknown" && !machine.IsDisabled && !machine.SkipInitialHealthCheck;
  return awaited && report && !report.LastChecked
    ? t("It is new: the first health check begins by itself.")
    : machine.StatusSummary;
}

// Condition says how a machine is and what its last check said.
export function Condition({ machine, of }: { machine: MachineLike; of: "machines" | "workers" }) {
  const connection = useGet(`/api/{spaceId}/${of}/{id}/connection`, { id: machine.Id });
  const report = connection.data as unknown as Report | undefined;
  const said = (report?.Logs ?? []).filter((l) => l.MessageText);
  return (
    <Section title={t("Condition")}>
      <Facts
        of={[
          [t("State"), stateOf(machine, report)],
          [t("Last checked"), report?.LastChecked && <DateTime at={report.LastChecked} className="" />],
          [t("Reached by"), `${styleOf(machine.Endpoint)} ${addressOf(machine.Endpoint)}`],
          [t("System"), machine.OperatingSystem],
        ]}
      />
      {said.length > 0 && (
        <ul style={{ margin: "12px 0 0", paddingLeft: 18 }}>
          {said.map((l) => (
            <li key={l.MessageText}>{l.MessageText}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}
