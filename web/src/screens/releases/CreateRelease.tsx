import { Alert, Button, Select, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Channel, Project, Wire } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { BranchChoice } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import { PackageTable } from "./PackageTable";
import { nameOf, versionOf } from "./packages";

export default function CreateRelease() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  const channels = useGet("/api/{spaceId}/projects/{id}/channels", { id: project.data?.Id ?? "" });
  return (
    <Read of={project} page={t("Create release")}>
      {(p) => (
        <Read of={channels} page={t("Create release")}>
          {(c) => <ChannelChoice project={p} channels={c.Items} />}
        </Read>
      )}
    </Read>
  );
}

function ChannelChoice({ project, channels }: { project: Project; channels: Channel[] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const channel = channels.find((c) => c.Id === chosen) ?? channels.find((c) => c.IsDefault) ?? channels[0];
  const { template, branch, choice: branches } = useTemplate(project, channel);
  const choice = channels.length > 1 && (
    <Select
      label={t("Channel")}
      maw={360}
      allowDeselect={false}
      data={channels.map((c) => ({ value: c.Id, label: c.Name }))}
      value={channel?.Id ?? null}
      onChange={setChosen}
    />
  );
  return (
    <Read of={template} page={t("Create release")}>
      {(data) => (
        <ReleaseForm
          project={project}
          channel={channel}
          template={data}
          choice={
            <>
              {branches}
              {choice}
            </>
          }
          branch={branch}
        />
      )}
    </Read>
  );
}

// useTemplate is what a release needs, of projects in Git as it is on the branch
// that is chosen for it.
function useTemplate(project: Project, channel: Channel | undefined) {
  const [branch, choose] = useBranch(project);
  const inGit = project.IsVersionControlled;
  const options = { query: { channel: channel?.Id }, keep: true };
  const id = project.Id;
  const stored = useGet(
    "/api/{spaceId}/projects/{id}/deploymentprocesses/template",
    { id },
    { ...options, enabled: !inGit },
  );
  const onBranch = useGet(
    "/api/{spaceId}/projects/{id}/{gitRef}/deploymentprocesses/template",
    { id, gitRef: `refs/heads/${branch}` },
    { ...options, enabled: inGit },
  );
  if (!inGit) return { template: stored };
  const choice = (
    <BranchChoice
      project={project}
      branch={branch}
      onChoose={choose}
      label={t("Branch")}
      description={t("The release keeps what the newest commit of it says.")}
    />
  );
  return { template: onBranch as unknown as typeof stored, branch, choice };
}

type FormProps = {
  project: Project;
  channel: Channel | undefined;
  template: Wire<"ReleaseTemplate">;
  choice: ReactNode;
  branch?: string;
};

function ReleaseForm({ project, channel, template, choice, branch }: FormProps) {
  const space = useSpaceId();
  const go = useGo();
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [typed, setTyped] = useState<string | null>(null);
  const [notes, setNotes] = useState("");
  const [custom, setCustom] = useState<Record<string, string>>({});
  const fields = channel?.CustomFieldDefinitions ?? [];
  const channelId = channel?.Id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was chosen holds for one channel and branch
  useEffect(() => setChosen({}), [channelId, branch]);
  const packages = template.Packages ?? [];
  const version = typed ?? versionOf(template, chosen);
  const missing = packages.filter((p) => !chosen[nameOf(p)]);
  const create = useSend("post", "/api/{spaceId}/releases", {
    onDone: (made) => go(to.release(space, project.Slug, made.Version)),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      body: {
        ProjectId: project.Id,
        ChannelId: channel?.Id,
        Version: version,
        VersionControlReference: branch ? { GitRef: `refs/heads/${branch}` } : undefined,
        ReleaseNotes: notes,
        CustomFields: Object.fromEntries(fields.map((f) => [f.FieldName, custom[f.FieldName] ?? ""])),
        SelectedPackages: packages.map((p) => ({
          ActionName: p.ActionName,
          PackageReferenceName: p.PackageReferenceName,
          Version: chosen[nameOf(p)] ?? "",
        })),
      },
    });
  };

  return (
    <form onSubmit={submit}>
      <Page
        title={t("Create release")}
        narrow
        actions={
          <>
            <ButtonLink to={to.project(space, project.Slug)} variant="default">
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={create.isPending} disabled={!version || missing.length > 0}>
              {t("Create release")}
            </Button>
          </>
        }
      >
        <Refusal of={create.error} />
        <Section title={t("Release")}>
          {choice}
          <TextInput
            label={t("Version")}
            maw={360}
            required
            withAsterisk={false}
            description={versionHint(template)}
            value={version}
            onChange={(e) => setTyped(e.currentTarget.value)}
          />
          {fields.map((f) => (
            <TextInput
              key={f.FieldName}
              label={f.FieldName}
              description={f.Description || undefined}
              mt={12}
              maw={360}
              value={custom[f.FieldName] ?? ""}
              onChange={(e) => setCustom({ ...custom, [f.FieldName]: e.currentTarget.value })}
            />
          ))}
        </Section>
        {packages.length > 0 && (
          <Section title={t("Packages")} flush>
            <PackageTable packages={packages} channel={channel} chosen={chosen} onChoose={setChosen} />
          </Section>
        )}
        {(template.GitResources ?? []).length > 0 && (
          <Alert color="accent">{t("Steps with Git repositories take their default branches.")}</Alert>
        )}
        <Section title={t("Release notes")}>
          <Textarea
            aria-label={t("Release notes")}
            placeholder={t("What is new, in Markdown")}
            minRows={5}
            value={notes}
            onChange={(e) => setNotes(e.currentTarget.value)}
          />
        </Section>
      </Page>
    </form>
  );
}

function versionHint(template: Wire<"ReleaseTemplate">): string {
  const last = template.LastReleaseVersion;
  const before = last ? t("The last one was {last}.", { last }) : t("This is the first one.");
  const step = template.VersioningPackageStepName;
  return step ? `${t("That of the package of step {step}.", { step })} ${before}` : before;
}
