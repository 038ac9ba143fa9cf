import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Environment, Lifecycle } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import classes from "./lifecycles.module.css";
import { PhaseCard } from "./PhaseCard";
import { movePhase, newPhase, type Phase, problemOf, sent } from "./phases";
import { Retention } from "./Retention";

// LifecycleForm edits a lifecycle, or makes one.
export default function LifecycleForm() {
  const id = useParam("lifecycle");
  const isNew = id === "create";
  const lifecycle = useGet("/api/{spaceId}/lifecycles/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form lifecycle={blank} />;
  return <Read of={lifecycle}>{(data) => <Form key={data.Id} lifecycle={data} />}</Read>;
}

const standard = { Strategy: "Default", Unit: "Items", QuantityToKeep: 0, ShouldKeepForever: false };

const blank = {
  Id: "",
  Name: "",
  Description: "",
  Phases: [],
  ReleaseRetentionPolicy: standard,
  TentacleRetentionPolicy: standard,
} as unknown as Lifecycle;

const problems = {
  unnamed: t("A phase has no name yet."),
  twice: t("An environment is in two phases."),
};

function Form({ lifecycle }: { lifecycle: Lifecycle }) {
  const space = useSpaceId();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  return (
    <DocumentForm
      collection="/api/{spaceId}/lifecycles"
      document={lifecycle}
      name={lifecycle.Name}
      add={t("Add lifecycle")}
      remove={[t("Delete lifecycle"), t("A lifecycle that a project or a channel uses cannot be deleted.")]}
      list={{ label: t("Lifecycles"), to: to.lifecycles(space) }}
      place={(made) => to.lifecycle(space, made.Id)}
      may={{ edit: "LifecycleEdit", add: "LifecycleCreate", delete: "LifecycleDelete" }}
      sent={sent}
      why={(l) => {
        const problem = problemOf(l.Phases ?? []);
        return named(l) ?? (problem && problems[problem]);
      }}
    >
      {(fields) => (
        <>
          <Section title={t("Lifecycle")}>
            <div className={form.fields}>
              <NameFields {...fields} />
            </div>
          </Section>
          <Phases {...fields} environments={environments.data ?? []} />
          <Section title={t("What is kept")}>
            <div className={form.fields}>
              <Retention
                label={t("Releases")}
                disabled={fields.readOnly}
                value={fields.value.ReleaseRetentionPolicy}
                onChange={(ReleaseRetentionPolicy) => fields.put({ ReleaseRetentionPolicy })}
              />
              <Retention
                label={t("Files of earlier releases on targets")}
                disabled={fields.readOnly}
                value={fields.value.TentacleRetentionPolicy}
                onChange={(TentacleRetentionPolicy) => fields.put({ TentacleRetentionPolicy })}
              />
            </div>
          </Section>
          {!fields.isNew && <UsedBy id={lifecycle.Id} />}
        </>
      )}
    </DocumentForm>
  );
}

type PhasesProps = Fields<Lifecycle> & { environments: Environment[] };

function Phases({ value, edit, readOnly, environments }: PhasesProps) {
  const phases = value.Phases ?? [];
  const set = (how: (phases: Phase[]) => Phase[]) => edit((now) => ({ ...now, Phases: how(now.Phases ?? []) }));
  return (
    <Section
      title={t("Phases")}
      actions={
        !readOnly && (
          <Button
            variant="default"
            leftSection={<IconPlus size={15} />}
            onClick={() => set((now) => [...now, newPhase("")])}
          >
            {t("Add phase")}
          </Button>
        )
      }
    >
      {phases.length === 0 ? (
        <p className="dim">
          {t("Without phases a release goes through all environments of the space, in their order.")}
        </p>
      ) : (
        <ol className={classes.phases} aria-label={t("Phases")}>
          {phases.map((phase, i) => (
            <PhaseCard
              key={phase.Id}
              phase={phase}
              at={i}
              of={phases.length}
              environments={environments}
              mayEdit={!readOnly}
              onChange={(next) => set((now) => now.map((p) => (p.Id === phase.Id ? next : p)))}
              onMove={(at) => set((now) => movePhase(now, i, at))}
              onRemove={() => set((now) => now.filter((p) => p.Id !== phase.Id))}
            />
          ))}
        </ol>
      )}
    </Section>
  );
}

function UsedBy({ id }: { id: string }) {
  const space = useSpaceId();
  const projects = useGet("/api/{spaceId}/lifecycles/{id}/projects", { id });
  const list = (projects.data as unknown as { Id: string; Name: string; Slug: string }[] | undefined) ?? [];
  return (
    <Section title={t("Used by")}>
      {list.length === 0 ? (
        <p className="dim">{t("No project uses it.")}</p>
      ) : (
        <p>
          {list.map((p, i) => (
            <span key={p.Id}>
              {i > 0 && ", "}
              <Link to={to.project(space, p.Slug)}>{p.Name}</Link>
            </span>
          ))}
        </p>
      )}
    </Section>
  );
}
