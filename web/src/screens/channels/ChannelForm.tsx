import { ActionIcon, Button, Switch, TagsInput, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Channel, Project, Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { newId } from "~/ui/draft/merge";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { CustomFields } from "./CustomFields";
import classes from "./channels.module.css";
import { Destination } from "./Destination";
import { TryVersion } from "./TryVersion";

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
    Type: "Lifecycle",
    IsDefault: false,
    Rules: [],
    GitReferenceRules: [],
    TenantTags: [],
    CustomFieldDefinitions: [],
  }) as unknown as Channel;

function Form({ project, channel }: { project: Project; channel: Channel }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/channels"
      document={channel}
      name={channel.Name}
      add={t("Add channel")}
      remove={[t("Delete channel"), t("Its rules go with it. A channel that has releases cannot be deleted.")]}
      list={{ label: t("Channels"), to: to.channels(space, project.Slug) }}
      place={(made) => to.channel(space, project.Slug, made.Id)}
      may={{ edit: "ProcessEdit", scope: { project: project.Id } }}
      touches={["projects"]}
      why={named}
    >
      {(fields) => (
        <>
          <Section title={t("Channel")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              <ChannelFields project={project} was={channel} {...fields} />
            </div>
          </Section>
          <Rules
            project={project}
            rules={fields.value.Rules ?? []}
            mayEdit={!fields.readOnly}
            onChange={(Rules) => fields.put({ Rules })}
          />
          <CustomFields {...fields} />
        </>
      )}
    </DocumentForm>
  );
}

type ChannelProps = Fields<Channel> & { project: Project; was: Channel };

function ChannelFields({ project, was, value: c, put, readOnly, ...rest }: ChannelProps) {
  const sets = useGet("/api/{spaceId}/tagsets/all", {});
  const tags = (sets.data ?? []).flatMap((s) =>
    (s.Tags ?? []).map((x) => ({ value: x.CanonicalTagName, label: x.CanonicalTagName })),
  );
  return (
    <>
      <Destination project={project} value={c} put={put} readOnly={readOnly} {...rest} />
      <Switch
        label={t("Default: releases are of this channel unless another is chosen")}
        disabled={readOnly || was.IsDefault}
        checked={c.IsDefault}
        onChange={(e) => put({ IsDefault: e.currentTarget.checked })}
      />
      {(tags.length > 0 || (c.TenantTags ?? []).length > 0) && (
        <PickMany
          label={t("Only for tenants with these tags")}
          placeholder={t("All tenants")}
          disabled={readOnly}
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
          disabled={readOnly}
          value={c.GitReferenceRules ?? []}
          onChange={(GitReferenceRules) => put({ GitReferenceRules })}
        />
      )}
    </>
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
      <div className={form.fields}>
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
              <TryVersion rule={r} />
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
