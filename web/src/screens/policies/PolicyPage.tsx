import { Select, Switch } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "../infrastructure/places";
import { HealthCheck } from "./HealthCheck";
import { MinutesField } from "./MinutesField";

type Policy = Wire<"MachinePolicy">;

export default function PolicyPage() {
  const id = useParam("policy");
  const isNew = id === "create";
  const policy = useGet("/api/{spaceId}/machinepolicies/{id}", { id }, { enabled: !isNew });
  const template = useGet("/api/{spaceId}/machinepolicies/template", {}, { enabled: isNew });
  return (
    <Read of={isNew ? template : policy}>
      {(p) => <Form key={p.Id} policy={isNew ? { ...p, Id: "", Name: "", IsDefault: false } : p} />}
    </Read>
  );
}

function Form({ policy }: { policy: Policy }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/machinepolicies"
      document={policy}
      name={policy.Name}
      add={t("Add machine policy")}
      remove={policy.IsDefault ? undefined : [t("Delete policy"), t("Its machines go to the default policy.")]}
      list={{ label: t("Machine policies"), to: places.policies(space) }}
      place={(made) => places.policy(space, made.Id)}
      may={{ edit: "MachinePolicyEdit", add: "MachinePolicyCreate", delete: "MachinePolicyDelete" }}
      why={named}
    >
      {(fields) => (
        <>
          <Section title={t("Policy")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <Switch
                label={t("Default: machines have this policy unless another is chosen")}
                disabled={fields.readOnly || policy.IsDefault}
                checked={fields.value.IsDefault}
                onChange={(e) => fields.put({ IsDefault: e.currentTarget.checked })}
              />
            </div>
          </Section>
          <HealthCheck {...fields} />
          <Absent {...fields} />
          <Updates {...fields} />
        </>
      )}
    </DocumentForm>
  );
}

function Absent({ value, put, readOnly }: Fields<Policy>) {
  const cleanup = value.MachineCleanupPolicy;
  return (
    <Section title={t("Machines that stay away")}>
      <div className={form.fields}>
        <Switch
          label={t("A machine may be offline: health checks then skip it instead of failing")}
          disabled={readOnly}
          checked={value.MachineConnectivityPolicy.MachineConnectivityBehavior === "MayBeOfflineAndCanBeSkipped"}
          onChange={(e) =>
            put({
              MachineConnectivityPolicy: {
                MachineConnectivityBehavior: e.currentTarget.checked
                  ? "MayBeOfflineAndCanBeSkipped"
                  : "ExpectedToBeOnline",
              },
            })
          }
        />
        <Switch
          label={t("Delete machines that have been unavailable for a while")}
          disabled={readOnly}
          checked={cleanup.DeleteMachinesBehavior === "DeleteUnavailableMachines"}
          onChange={(e) =>
            put({
              MachineCleanupPolicy: {
                DeleteMachinesBehavior: e.currentTarget.checked ? "DeleteUnavailableMachines" : "DoNotDelete",
                DeleteMachinesElapsedTimeSpan: e.currentTarget.checked ? "1.00:00:00" : "00:00:00",
              },
            })
          }
        />
        {cleanup.DeleteMachinesBehavior === "DeleteUnavailableMachines" && (
          <MinutesField
            label={t("After")}
            disabled={readOnly}
            value={cleanup.DeleteMachinesElapsedTimeSpan}
            onChange={(DeleteMachinesElapsedTimeSpan) =>
              put({ MachineCleanupPolicy: { ...cleanup, DeleteMachinesElapsedTimeSpan } })
            }
          />
        )}
      </div>
    </Section>
  );
}

function Updates({ value, put, readOnly }: Fields<Policy>) {
  const update = value.MachineUpdatePolicy;
  const cache = value.MachinePackageCacheRetentionPolicy;
  return (
    <Section title={t("What is kept up to date on machines")}>
      <div className={form.fields}>
        <Select
          label={t("The runner of steps")}
          allowDeselect={false}
          disabled={readOnly}
          data={[
            { value: "UpdateOnDeployment", label: t("When a deployment comes to the machine") },
            { value: "UpdateOnNewMachine", label: t("When the machine is added, and at deployments") },
            { value: "UpdateAlways", label: t("As soon as there is a newer one") },
          ]}
          value={update.CalamariUpdateBehavior}
          onChange={(next) => next && put({ MachineUpdatePolicy: { ...update, CalamariUpdateBehavior: next } })}
        />
        <Select
          label={t("Packages kept on machines")}
          allowDeselect={false}
          disabled={readOnly}
          data={[
            { value: "Default", label: t("As the server decides") },
            { value: "Quantities", label: t("A number of each") },
          ]}
          value={cache.Strategy}
          onChange={(Strategy) =>
            Strategy &&
            put({
              MachinePackageCacheRetentionPolicy: {
                ...cache,
                Strategy,
                QuantityOfPackagesToKeep: Strategy === "Default" ? null : (cache.QuantityOfPackagesToKeep ?? 10),
                QuantityOfVersionsToKeep: Strategy === "Default" ? null : (cache.QuantityOfVersionsToKeep ?? 3),
              } as Policy["MachinePackageCacheRetentionPolicy"],
            })
          }
        />
      </div>
    </Section>
  );
}
