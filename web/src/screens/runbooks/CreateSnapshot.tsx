import { Alert, Button, Checkbox, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Project, Wire } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { PackageTable } from "../releases/PackageTable";
import { nameOf } from "../releases/packages";
import { OfRunbook, type Runbook, useCrumbs } from "./useRunbook";

export default function CreateSnapshot() {
  return <OfRunbook page={t("Make snapshot")}>{(p, r) => <Asked project={p} runbook={r} />}</OfRunbook>;
}

type Props = { project: Project; runbook: Runbook };

function Asked({ project, runbook }: Props) {
  const id = runbook.Id;
  const template = useGet("/api/{spaceId}/runbooks/{id}/runbookSnapshotTemplate", { id });
  return (
    <Read of={template} page={t("Make snapshot")}>
      {(data) => <SnapshotForm project={project} runbook={runbook} template={data} />}
    </Read>
  );
}

function SnapshotForm({ project, runbook, template }: Props & { template: Wire<"SnapshotTemplate"> }) {
  const space = useSpaceId();
  const go = useGo();
  const [name, setName] = useState<string | null>(null);
  const [notes, setNotes] = useState("");
  const [publish, setPublish] = useState(true);
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const packages = template.Packages ?? [];
  const missing = packages.filter((p) => !chosen[nameOf(p)]);
  const create = useSend("post", "/api/{spaceId}/runbookSnapshots", {
    touches: ["runbooks", "progression"],
    onDone: () => go(to.runbook(space, project.Slug, runbook.Slug)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      query: publish ? { publish: true } : {},
      body: {
        ProjectId: project.Id,
        RunbookId: runbook.Id,
        Name: name ?? template.NextNameIncrement,
        Notes: notes,
        SelectedPackages: packages.map((p) => ({
          ActionName: p.ActionName,
          PackageReferenceName: p.PackageReferenceName,
          Version: chosen[nameOf(p)] ?? "",
        })),
      },
    });
  };
  const action = publish ? t("Publish") : t("Make snapshot");
  return (
    <form onSubmit={submit}>
      <Page
        title={publish ? t("Publish {name}", { name: runbook.Name }) : t("Make snapshot")}
        narrow
        crumbs={useCrumbs(project, runbook, { label: t("New snapshot") })}
        actions={
          <>
            <ButtonLink to={to.runbook(space, project.Slug, runbook.Slug)} variant="default">
              {t("Back")}
            </ButtonLink>
            <Button type="submit" loading={create.isPending} disabled={missing.length > 0}>
              {action}
            </Button>
          </>
        }
      >
        <Refusal of={create.error} />
        <Section title={t("Snapshot")}>
          <TextInput
            label={t("Name")}
            maw={360}
            required
            withAsterisk={false}
            value={name ?? template.NextNameIncrement}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <Textarea label={t("Notes")} value={notes} onChange={(e) => setNotes(e.currentTarget.value)} />
          <Checkbox
            label={t("Publish it: from now on this is what is run")}
            checked={publish}
            onChange={(e) => setPublish(e.currentTarget.checked)}
          />
        </Section>
        {packages.length > 0 && (
          <Section title={t("Packages")} flush>
            <PackageTable packages={packages} channel={undefined} chosen={chosen} onChoose={setChosen} />
          </Section>
        )}
        {(template.GitResources ?? []).length > 0 && (
          <Alert color="accent">{t("Steps with Git repositories take their default branches.")}</Alert>
        )}
      </Page>
    </form>
  );
}
