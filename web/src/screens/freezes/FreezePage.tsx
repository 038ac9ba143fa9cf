import { NumberInput, Select, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { zoneAt } from "~/text/time";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { type Freeze, localOf, momentOf, places, stateOf } from "./freezes";
import { Scope } from "./Scope";

const blank = {
  Id: "",
  Name: "",
  Description: "",
  Start: null,
  End: null,
  ProjectEnvironmentScope: {},
  TenantProjectEnvironmentScope: [],
  RecurringSchedule: null,
} as unknown as Freeze;

export default function FreezePage() {
  const id = useParam("freeze");
  const isNew = id === "create";
  const freeze = useGet("/api/deploymentfreezes/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form freeze={blank} />;
  return <Read of={freeze}>{(f) => <Form key={f.Id} freeze={f} />}</Read>;
}

const why = (f: Freeze) => {
  if (!f.Name.trim()) return t("It has no name yet.");
  return f.Start && f.End ? undefined : t("It has no beginning or no end yet.");
};

function Form({ freeze }: { freeze: Freeze }) {
  return (
    <DocumentForm
      collection="/api/deploymentfreezes"
      document={freeze}
      name={freeze.Name}
      add={t("Add deployment freeze")}
      remove={[t("Delete freeze"), t("What it held back can be deployed at once.")]}
      list={{ label: t("Deployment freezes"), to: places.freezes }}
      place={(made) => places.freeze(made.Id)}
      may={{ edit: "DeploymentFreezeAdminister" }}
      beside={freeze.Id && <StatusChip look={stateOf(freeze)} />}
      why={why}
    >
      {(fields) => (
        <>
          <Section title={t("Freeze")}>
            <div className={form.fields}>
              <NameFields {...fields} value={{ ...fields.value, Description: fields.value.Description ?? "" }} />
              <Times {...fields} />
              <Again {...fields} />
            </div>
          </Section>
          <Scope {...fields} />
        </>
      )}
    </DocumentForm>
  );
}

function Times({ value, put, readOnly }: Fields<Freeze>) {
  const field = (label: string, member: "Start" | "End") => (
    <TextInput
      type="datetime-local"
      label={t("{what} ({zone})", { what: label, zone: zoneAt(value[member]) })}
      disabled={readOnly}
      value={localOf(value[member])}
      onChange={(e) => put({ [member]: momentOf(e.currentTarget.value) } as Partial<Freeze>)}
    />
  );
  return (
    <div className={form.pair}>
      {field(t("From"), "Start")}
      {field(t("Until"), "End")}
    </div>
  );
}

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function Again({ value, put, readOnly }: Fields<Freeze>) {
  const schedule = value.RecurringSchedule;
  const change = (next: object) =>
    put({ RecurringSchedule: { Unit: 1, EndType: "Never", ...schedule, ...next } as Freeze["RecurringSchedule"] });
  return (
    <>
      <div className={form.line}>
        <Select
          label={t("How often")}
          w={180}
          allowDeselect={false}
          disabled={readOnly}
          data={[
            { value: "", label: t("Once") },
            { value: "Daily", label: t("Every some days") },
            { value: "Weekly", label: t("Every some weeks") },
            { value: "Monthly", label: t("Every some months") },
            { value: "Annually", label: t("Every some years") },
          ]}
          value={schedule?.Type ?? ""}
          onChange={(Type) => (Type ? change(startsOf(Type, value)) : put({ RecurringSchedule: null }))}
        />
        {schedule && (
          <NumberInput
            size="xs"
            w={90}
            label={t("Every")}
            min={1}
            disabled={readOnly}
            value={schedule.Unit}
            onChange={(n) => change({ Unit: Number(n) || 1 })}
          />
        )}
      </div>
      {schedule?.Type === "Weekly" && (
        <PickMany
          label={t("On these days")}
          disabled={readOnly}
          choices={days.map((day) => ({ value: day, label: t(day) }))}
          value={schedule.DaysOfWeek}
          onChange={(DaysOfWeek) => change({ DaysOfWeek })}
        />
      )}
    </>
  );
}

// startsOf is what a schedule begins with: the day on which the freeze begins.
function startsOf(Type: string, { Start }: Freeze): object {
  const first = Start ? new Date(Start) : new Date();
  const offset = { UserUtcOffsetInMinutes: -first.getTimezoneOffset() };
  if (Type === "Weekly") return { Type, ...offset, DaysOfWeek: [days[(first.getDay() + 6) % 7]] };
  if (Type === "Monthly") {
    return { Type, ...offset, MonthlyScheduleType: "DateOfMonth", DateOfMonth: String(first.getDate()) };
  }
  return { Type, ...offset };
}
