import { ActionIcon, Menu, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { ActionFields } from "./ActionFields";
import { FilterFields } from "./FilterFields";
import { beginning, begun, blank, type Trigger, whats, whatsFor, whens } from "./triggers";
import classes from "./triggers.module.css";

// TriggerForm edits a trigger, or makes one.
export default function TriggerForm() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = useParam("trigger");
  const isNew = id === "create";
  const trigger = useGet("/api/{spaceId}/projecttriggers/{id}", { id }, { enabled: !isNew });
  return (
    <Read of={project}>
      {(p) =>
        isNew ? (
          <Form project={p} trigger={blank(p)} />
        ) : (
          <Read of={trigger}>{(x) => <Form key={x.Id} project={p} trigger={x} />}</Read>
        )
      }
    </Read>
  );
}

// known adds what is there already to choices that do not have it.
const known = (choices: { value: string; label: string }[], value: string) =>
  choices.some((c) => c.value === value) ? choices : [...choices, { value, label: value }];

function Form({ project, trigger }: { project: Project; trigger: Trigger }) {
  const space = useSpaceId();
  const go = useGo();
  const isNew = trigger.Id === "";
  // A new one begins the same each time it is drawn.
  const [first] = useState(trigger);
  const draft = useDraft(isNew ? first : trigger);
  const x = draft.value;
  const put = (change: Partial<Trigger>) => draft.edit((now) => ({ ...now, ...change }));
  const mayEdit = useMay(isNew ? "TriggerCreate" : "TriggerEdit", { project: project.Id });
  const mayDelete = useMay("TriggerDelete", { project: project.Id }) && !isNew;
  const [deleting, ask] = useState(false);
  const list = to.triggers(space, project.Slug);
  const create = useSend("post", "/api/{spaceId}/projecttriggers");
  const update = useSend("put", "/api/{spaceId}/projecttriggers/{id}");
  const remove = useSend("delete", "/api/{spaceId}/projecttriggers/{id}");
  const send = async () => {
    const saved = isNew
      ? await create.mutateAsync({ body: x })
      : await update.mutateAsync({ params: { id: trigger.Id }, body: x });
    draft.saved(isNew ? first : saved);
    done(t("The trigger is saved."));
    if (isNew) go(to.trigger(space, project.Slug, saved.Id), { replace: true });
  };
  const pickWhen = (when: string) => {
    const possible = whatsFor(when);
    const fits = possible.includes(x.Action.ActionType);
    put({ Filter: beginning(when), Action: fits ? x.Action : begun(possible[0] ?? "") });
  };
  return (
    <Page
      narrow
      title={isNew ? t("Add trigger") : trigger.Name}
      crumbs={[{ label: t("Triggers"), to: list }, { label: isNew ? t("New") : trigger.Name }]}
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
                {t("Delete trigger…")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )
      }
    >
      <Section title={t("Trigger")}>
        <div className={classes.form}>
          <TextInput
            label={t("Name")}
            disabled={!mayEdit}
            value={x.Name}
            onChange={(e) => put({ Name: e.currentTarget.value })}
          />
          <Textarea
            label={t("Description")}
            minRows={1}
            disabled={!mayEdit}
            value={x.Description}
            onChange={(e) => put({ Description: e.currentTarget.value })}
          />
          <Switch
            label={t("Enabled")}
            disabled={!mayEdit}
            checked={!x.IsDisabled}
            onChange={(e) => put({ IsDisabled: !e.currentTarget.checked })}
          />
        </div>
      </Section>
      <Section title={t("When")}>
        <div className={classes.form}>
          <Select
            label={t("Occasion")}
            allowDeselect={false}
            disabled={!mayEdit}
            data={known(whens, x.Filter.FilterType)}
            value={x.Filter.FilterType}
            onChange={(when) => when && when !== x.Filter.FilterType && pickWhen(when)}
          />
          <FilterFields
            project={project}
            value={x.Filter}
            disabled={!mayEdit}
            onChange={(change) => put({ Filter: { ...x.Filter, ...change } })}
          />
        </div>
      </Section>
      <Section title={t("What")}>
        <div className={classes.form}>
          <Select
            label={t("What is done")}
            allowDeselect={false}
            disabled={!mayEdit}
            data={known(
              whats.filter((w) => whatsFor(x.Filter.FilterType).includes(w.value)),
              x.Action.ActionType,
            ).map((w) => whats.find((k) => k.value === w.value) ?? w)}
            value={x.Action.ActionType}
            onChange={(what) => what && what !== x.Action.ActionType && put({ Action: begun(what) })}
          />
          <ActionFields
            project={project}
            value={x.Action}
            disabled={!mayEdit}
            onChange={(change) => put({ Action: { ...x.Action, ...change } })}
          />
        </div>
      </Section>
      <SaveBar
        dirty={draft.dirty}
        saving={create.isPending || update.isPending}
        error={isNew ? create.error : update.error}
        disabled={x.Name.trim() ? undefined : t("The trigger has no name yet.")}
        onSave={() => void send().catch(() => {})}
        onDiscard={draft.discard}
      />
      <Confirm
        opened={deleting}
        onClose={() => ask(false)}
        title={t("Delete trigger {name}?", { name: trigger.Name })}
        action={t("Delete trigger")}
        grave
        onConfirm={() => remove.mutateAsync({ params: { id: trigger.Id } }).then(() => go(list), failed)}
      >
        <p>{t("What it has started goes on.")}</p>
      </Confirm>
    </Page>
  );
}
