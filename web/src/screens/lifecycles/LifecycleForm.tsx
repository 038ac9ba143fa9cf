import { ActionIcon, Button, Menu, Textarea, TextInput } from "@mantine/core";
import { IconDots, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Lifecycle } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { Link } from "~/ui/Link";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
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
  const go = useGo();
  const isNew = lifecycle.Id === "";
  const draft = useDraft(lifecycle);
  const l = draft.value;
  const phases = l.Phases ?? [];
  const mayEdit = useMay(isNew ? "LifecycleCreate" : "LifecycleEdit");
  const mayDelete = useMay("LifecycleDelete") && !isNew;
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const [deleting, ask] = useState(false);
  const create = useSend("post", "/api/{spaceId}/lifecycles");
  const update = useSend("put", "/api/{spaceId}/lifecycles/{id}");
  const remove = useSend("delete", "/api/{spaceId}/lifecycles/{id}");
  const put = (change: Partial<Lifecycle>) => draft.edit((now) => ({ ...now, ...change }));
  const setPhases = (how: (phases: Phase[]) => Phase[]) =>
    draft.edit((now) => ({ ...now, Phases: how(now.Phases ?? []) }));
  const send = async () => {
    const body = sent(l);
    const saved = isNew
      ? await create.mutateAsync({ body })
      : await update.mutateAsync({ params: { id: lifecycle.Id }, body });
    draft.saved(isNew ? lifecycle : saved);
    done(t("The lifecycle is saved."));
    if (isNew) go(to.lifecycle(space, saved.Id), { replace: true });
  };
  const problem = l.Name.trim() ? problemOf(phases) : undefined;
  const why = l.Name.trim() ? problem && problems[problem] : t("The lifecycle has no name yet.");
  return (
    <Page
      narrow
      title={isNew ? t("Add lifecycle") : lifecycle.Name}
      crumbs={[{ label: t("Lifecycles"), to: to.lifecycles(space) }, { label: isNew ? t("New") : lifecycle.Name }]}
      actions={
        mayDelete && (
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={t("More")}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item color="bad" leftSection={<IconTrash size={15} />} onClick={() => ask(true)}>
                {t("Delete lifecycle…")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )
      }
    >
      <Section title={t("Lifecycle")}>
        <div className={classes.form}>
          <TextInput
            label={t("Name")}
            disabled={!mayEdit}
            value={l.Name}
            onChange={(e) => put({ Name: e.currentTarget.value })}
          />
          <Textarea
            label={t("Description")}
            minRows={1}
            disabled={!mayEdit}
            value={l.Description}
            onChange={(e) => put({ Description: e.currentTarget.value })}
          />
        </div>
      </Section>
      <Section
        title={t("Phases")}
        actions={
          mayEdit && (
            <Button
              variant="default"
              leftSection={<IconPlus size={15} />}
              onClick={() => setPhases((now) => [...now, newPhase("")])}
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
                environments={environments.data ?? []}
                mayEdit={mayEdit}
                onChange={(next) => setPhases((now) => now.map((p) => (p.Id === phase.Id ? next : p)))}
                onMove={(at) => setPhases((now) => movePhase(now, i, at))}
                onRemove={() => setPhases((now) => now.filter((p) => p.Id !== phase.Id))}
              />
            ))}
          </ol>
        )}
      </Section>
      <Section title={t("What is kept")}>
        <div className={classes.form}>
          <Retention
            label={t("Releases")}
            disabled={!mayEdit}
            value={l.ReleaseRetentionPolicy}
            onChange={(ReleaseRetentionPolicy) => put({ ReleaseRetentionPolicy })}
          />
          <Retention
            label={t("Files of earlier releases on targets")}
            disabled={!mayEdit}
            value={l.TentacleRetentionPolicy}
            onChange={(TentacleRetentionPolicy) => put({ TentacleRetentionPolicy })}
          />
        </div>
      </Section>
      {!isNew && <UsedBy id={lifecycle.Id} />}
      <SaveBar
        dirty={draft.dirty}
        saving={create.isPending || update.isPending}
        error={isNew ? create.error : update.error}
        disabled={why}
        onSave={() => void send().catch(() => {})}
        onDiscard={draft.discard}
      />
      <Confirm
        opened={deleting}
        onClose={() => ask(false)}
        title={t("Delete lifecycle {name}?", { name: lifecycle.Name })}
        action={t("Delete lifecycle")}
        grave
        onConfirm={() =>
          remove.mutateAsync({ params: { id: lifecycle.Id } }).then(() => go(to.lifecycles(space)), failed)
        }
      >
        <p>{t("A lifecycle that a project or a channel uses cannot be deleted.")}</p>
      </Confirm>
    </Page>
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
