import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { DateTime } from "~/ui/DateTime";
import { Facts, Section } from "~/ui/Section";
import classes from "./Condition.module.css";
import { addressOf, type MachineLike, styleOf } from "./machine";
import { type Report, saidIn } from "./report";

// stateOf is what the server says, but for a machine that was never looked at:
// its first check begins by itself, so nobody has to ask for it.
function stateOf(machine: MachineLike, report: Report | undefined): string {
  const awaited = machine.HealthStatus === "Unknown" && !machine.IsDisabled && !machine.SkipInitialHealthCheck;
  return awaited && report && !report.LastChecked
    ? t("It is new: the first health check begins by itself.")
    : machine.StatusSummary;
}

// Condition says how a machine is and what its last check wrote.
export function Condition({ machine, of }: { machine: MachineLike; of: "machines" | "workers" }) {
  const connection = useGet(`/api/{spaceId}/${of}/{id}/connection`, { id: machine.Id });
  const report = connection.data as unknown as Report | undefined;
  const said = saidIn(report);
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
        <>
          <h3 className={classes.head}>{t("What the last check wrote")}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <ol className={classes.log} aria-label={t("What the last check wrote")} tabIndex={0}>
            {said.map(({ category, text }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a log have nothing else
              <li key={i} data-category={category}>
                {text}
              </li>
            ))}
          </ol>
        </>
      )}
    </Section>
  );
}
