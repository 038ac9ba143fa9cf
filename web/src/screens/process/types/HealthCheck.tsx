import { t } from "~/text/t";
import { Pick } from "../parts/fields";

const health = "Octopus.Action.HealthCheck";

// HealthCheck is the form of steps that look after the targets.
export function HealthCheck() {
  return (
    <>
      <Pick
        name={`${health}.Type`}
        label={t("What is checked")}
        otherwise="FullHealthCheck"
        choices={[
          { value: "FullHealthCheck", label: t("Everything that the machine's policy checks") },
          { value: "ConnectionTest", label: t("Only whether it can be reached") },
        ]}
      />
      <Pick
        name={`${health}.ErrorHandling`}
        label={t("When a target is not well")}
        otherwise="TreatExceptionsAsErrors"
        choices={[
          { value: "TreatExceptionsAsErrors", label: t("Fail the deployment") },
          { value: "TreatExceptionsAsWarnings", label: t("Warn, and leave the target out of the rest") },
        ]}
      />
      <Pick
        name={`${health}.IncludeMachinesInDeployment`}
        label={t("When a target is well")}
        otherwise="DoNotAlterMachines"
        choices={[
          { value: "DoNotAlterMachines", label: t("Change nothing about which targets are deployed to") },
          { value: "IncludeCheckedMachines", label: t("Let new targets join the rest of the deployment") },
        ]}
      />
    </>
  );
}
