import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Facts, Section } from "~/ui/Section";
import { addressOf, type MachineLike, styleOf } from "./machine";

type Report = { LastChecked?: string | null; Logs?: { Category?: string; MessageText?: string }[] | null };

// Condition says how a machine is and what its last check said.
export function Condition({ machine, of }: { machine: MachineLike; of: "machines" | "workers" }) {
  const connection = useGet(`/api/{spaceId}/${of}/{id}/connection`, { id: machine.Id });
  const report = connection.data as unknown as Report | undefined;
  const said = (report?.Logs ?? []).filter((l) => l.MessageText);
  return (
    <Section title={t("Condition")}>
      <Facts
        of={[
          [t("State"), machine.StatusSummary],
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
