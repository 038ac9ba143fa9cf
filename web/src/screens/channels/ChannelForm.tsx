import { ActionIcon, Button, Menu, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { IconDots, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Channel, Project, Wire } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { newId } from "~/ui/draft/merge";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import classes from "./channels.module.css";

type Rule = Wire<"ChannelRule">;

// ChannelForm edits a channel, or makes one.
export default function ChannelForm() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const id = useParam("channel");
  const channel = useGet("/api/{spaceId}/channels/{id}", { id });
  return (
    <Read of={project}>
      {(p) =>
        id ? (
          <Read of={channel}>{(c) => <Form key={c.Id} project={p} channel={c} />}</Read>
        ) : (
          <Form project={p} channel={blank(p)} />
        )
      }
    </Read>
  );
}

const blank = (project: Project) =>
  ({
    Id: "",
    Name: "",
    Description: "",
    ProjectId: project.Id,
    LifecycleId: "",
    IsDefault: false,
    Rules: [],
    GitReferenceRules: [],
    TenantTags: [],
    CustomFieldDefinitions: [],
  }) as unknown as Channel;

function Form({ project, channel }: { project: Project; channel: Channel }) {
  const space = useSpaceId();
  const go = useGo();
  const isNew = channel.Id === "";
  // A new one begins the same each time it is drawn.
  const [begun] = useState(channel);
  const draft = useDraft(isNew ? begun : channel);
  const c = draft.value;
  const put = (change: Partial<Channel>) => draft.edit((now) => ({ ...now, ...change }));
  const mayEdit = useMay("ProcessEdit", { project: project.Id });
  const lifecycles = useGet("/api/{spaceId}/lifecycles/all", {});
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  const [deleting, ask] = useState(false);
  const list = to.channels(space, project.Slug);
  const touches = ["projects"];
  const create = useSend("post", "/api/{spaceId}/channels", { touches });
  const update = useSend("put", "/api/{spaceId}/channels/{id}", { touches });
  const remove = useSend("delete", "/api/{spaceId}/channels/{id}", { touches });
  const send = async () => {
    const saved = isNew
      ? await create.mutateAsync({ body: c })
      : await update.mutateAsync({ params: { id: channel.Id }, body: c });
    draft.saved(isNew ? begun : saved);
    done(t("The channel is saved."));
    if (isNew) go(to.channel(space, project.Slug, saved.Id), { replace: true });
  };
  const inherited = lifecycles.data?.find((l) => l.Id === project.LifecycleId)?.Name ?? "";
  const tags = (sets.data ?? []).flatMap((s) =>
    (s.Tags ?? []).map((x) => ({ value: x.CanonicalTagName, label: x.CanonicalTagName })),
  );
  return (
    <Page
      narrow
      title={isNew ? t("Add channel") : channel.Name}
      crumbs={[{ label: t("Channels"), to: list }, { label: isNew ? t("New") : channel.Name }]}
      actions={
        mayEdit &&
        !isNew && (
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={t("More")}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item color="bad" leftSection={<IconTrash size={15} />} onClick={() => ask(true)}>
                {t("Delete channel…")}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )
      }
    >
      <Section title={t("Channel")}>
        <div className={classes.form}>
          <TextInput
            label={t("Name")}
            disabled={!mayEdit}
            value={c.Name}
            onChange={(e) => put({ Name: e.currentTarget.value })}
          />
          <Textarea
            label={t("Description")}
            minRows={1}
            disabled={!mayEdit}
            value={c.Description}
            onChange={(e) => put({ Description: e.currentTarget.value })}
          />
          <Select
            label={t("Lifecycle")}
            description={t("The environments that its releases go through.")}
            placeholder={t("As the project: {name}", { name: inherited })}
            searchable
            clearable
            disabled={!mayEdit}
            data={choicesOf(lifecycles.data)}
            value={c.LifecycleId || null}
            onChange={(id) => put({ LifecycleId: id ?? "" })}
          />
          <Switch
            label={t("Default: releases are of this channel unless another is chosen")}
            disabled={!mayEdit || channel.IsDefault}
            checked={c.IsDefault}
            onChange={(e) => put({ IsDefault: e.currentTarget.checked })}
          />
          {(tags.length > 0 || (c.TenantTags ?? []).length > 0) && (
            <PickMany
              label={t("Only for tenants with these tags")}
              placeholder={t("All tenants")}
              disabled={!mayEdit}
              choices={tags}
              value={c.TenantTags}
              onChange={(TenantTags) => put({ TenantTags })}
            />
          )}
          {project.IsVersionControlled && (
            <TagsInput
              size="xs"
              label={t("Git references that releases may come from")}
              description={t("Patterns such as main or release/*.")}
              disabled={!mayEdit}
              value={c.GitReferenceRules ?? []}
              onChange={(GitReferenceRules) => put({ GitReferenceRules })}
            />
          )}
        </div>
      </Section>
      <Rules project={project} rules={c.Rules ?? []} mayEdit={mayEdit} onChange={(Rules) => put({ Rules })} />
      <SaveBar
        dirty={draft.dirty}
        saving={create.isPending || update.isPending}
        error={isNew ? create.error : update.error}
        disabled={c.Name.trim() ? undefined : t("The channel has no name yet.")}
        onSave={() => void send().catch(() => {})}
        onDiscard={draft.discard}
      />
      <Confirm
        opened={deleting}
        onClose={() => ask(false)}
        title={t("Delete channel {name}?", { name: channel.Name })}
        action={t("Delete channel")}
        grave
        onConfirm={() => remove.mutateAsync({ params: { id: channel.Id } }).then(() => go(list), failed)}
      >
        <p>{t("Its rules go with it. A channel that has releases cannot be deleted.")}</p>
      </Confirm>
    </Page>
  );
}

type RulesProps = { project: Project; rules: Rule[]; mayEdit: boolean; onChange: (rules: Rule[]) => void };

// packageWord names a package of the process: its step and its reference.
const packageWord = (action: string, reference: string) => (reference ? `${action}/${reference}` : action);

function Rules({ project, rules, mayEdit, onChange }: RulesProps) {
  const process = useGet(
    "/api/{spaceId}/deploymentprocesses/{id}",
    { id: project.DeploymentProcessId },
    { enabled: !project.IsVersionControlled },
  );
  const packages = (process.data?.Steps ?? []).flatMap((s) =>
    (s.Actions ?? []).flatMap((a) =>
      (a.Packages ?? []).map((p) => ({ action: a.Name, reference: p.Name, id: p.PackageId })),
    ),
  );
  const change = (id: string, next: Partial<Rule>) => onChange(rules.map((r) => (r.Id === id ? { ...r, ...next } : r)));
  const taken = new Set(
    rules.flatMap((r) => (r.ActionPackages ?? []).map((p) => packageWord(p.DeploymentAction, p.PackageReference))),
  );
  const add = () =>
    onChange([
      ...rules,
      { Id: newId(), VersionRange: "", Tag: "", VersioningStrategy: "", VersionTagRegex: "", ActionPackages: [] },
    ]);
  return (
    <Section title={t("Versions of packages")}>
      <div className={classes.form}>
        <p className="dim">{t("A release of this channel can only have versions that fit.")}</p>
        {rules.map((r, i) => {
          const chosen = (r.ActionPackages ?? []).map((p) => packageWord(p.DeploymentAction, p.PackageReference));
          return (
            <section key={r.Id} className={classes.rule} aria-label={t("Rule {n}", { n: i + 1 })}>
              <div className={classes.ruleHead}>
                {t("Rule {n}", { n: i + 1 })}
                {mayEdit && (
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={t("Remove rule {n}", { n: i + 1 })}
                    onClick={() => onChange(rules.filter((x) => x.Id !== r.Id))}
                  >
                    <IconTrash size={15} />
                  </ActionIcon>
                )}
              </div>
              <PickMany
                label={t("Packages")}
                disabled={!mayEdit}
                choices={packages
                  .map((p) => ({
                    value: packageWord(p.action, p.reference),
                    label: `${packageWord(p.action, p.reference)} (${p.id})`,
                  }))
                  .filter((p) => chosen.includes(p.value) || !taken.has(p.value))}
                value={chosen}
                onChange={(names) =>
                  change(r.Id, {
                    ActionPackages: names.map((name) => {
                      const known = packages.find((p) => packageWord(p.action, p.reference) === name);
                      const kept = r.ActionPackages?.find(
                        (p) => packageWord(p.DeploymentAction, p.PackageReference) === name,
                      );
                      return (
                        kept ?? { DeploymentAction: known?.action ?? name, PackageReference: known?.reference ?? "" }
                      );
                    }),
                  })
                }
              />
              <div className={classes.pair}>
                <TextInput
                  label={t("Version range")}
                  placeholder={t("Any, or such as [1.0,2.0)")}
                  spellCheck={false}
                  disabled={!mayEdit}
                  value={r.VersionRange}
                  onChange={(e) => change(r.Id, { VersionRange: e.currentTarget.value })}
                />
                <TextInput
                  label={t("Pre-release tag")}
                  description={t("A regular expression; ^$ is for none.")}
                  spellCheck={false}
                  disabled={!mayEdit}
                  value={r.Tag}
                  onChange={(e) => change(r.Id, { Tag: e.currentTarget.value })}
                />
              </div>
            </section>
          );
        })}
        {mayEdit && (
          <div>
            <Button
              variant="default"
              leftSection={<IconPlus size={15} />}
              onClick={add}
              disabled={packages.length === 0}
            >
              {t("Add version rule")}
            </Button>{" "}
            {packages.length === 0 && <span className="dim">{t("The process has no packages.")}</span>}
          </div>
        )}
      </div>
    </Section>
  );
}
