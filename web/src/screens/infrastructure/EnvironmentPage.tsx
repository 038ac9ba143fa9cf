import { Button, Switch, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { ButtonLink } from "~/ui/Link";
import { done, failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import classes from "./Form.module.css";
import { places } from "./places";

export default function EnvironmentPage() {
  const environment = useGet("/api/{spaceId}/environments/{id}", { id: useParam("environment") });
  return <Read of={environment}>{(e) => <Form key={e.Id} environment={e} />}</Read>;
}

function Form({ environment }: { environment: Environment }) {
  const space = useSpaceId();
  const go = useGo();
  const mayEdit = useMay("EnvironmentEdit");
  const mayDelete = useMay("EnvironmentDelete");
  const [removing, setRemoving] = useState(false);
  const [draft, setDraft] = useState(environment);
  const save = useSend("put", "/api/{spaceId}/environments/{id}", {
    touches: ["dashboard"],
    onDone: () => done(t("Saved.")),
  });
  const remove = useSend("delete", "/api/{spaceId}/environments/{id}", {
    onDone: () => go(places.environments(space)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ params: { id: environment.Id }, body: draft });
  };
  return (
    <form onSubmit={submit}>
      <Page
        narrow
        title={environment.Name}
        crumbs={[{ label: t("Environments"), to: places.environments(space) }, { label: environment.Name }]}
        actions={
          <>
            <ButtonLink variant="default" to={`${places.targets(space)}?environmentIds=${environment.Id}`}>
              {t("Show targets")}
            </ButtonLink>
            {mayDelete && (
              <Button variant="default" onClick={() => setRemoving(true)}>
                {t("Delete…")}
              </Button>
            )}
            {mayEdit && (
              <Button type="submit" loading={save.isPending}>
                {t("Save")}
              </Button>
            )}
          </>
        }
      >
        <Refusal of={save.error} />
        <Section title={t("Settings")}>
          <div className={classes.form}>
            <TextInput
              label={t("Name")}
              value={draft.Name}
              onChange={(e) => setDraft({ ...draft, Name: e.currentTarget.value })}
            />
            <Textarea
              label={t("Description")}
              value={draft.Description}
              onChange={(e) => setDraft({ ...draft, Description: e.currentTarget.value })}
            />
            <Switch
              label={t("Guided failure")}
              description={t("When a step fails, a person is asked what to do, unless the project decides otherwise.")}
              checked={draft.UseGuidedFailure}
              onChange={(e) => setDraft({ ...draft, UseGuidedFailure: e.currentTarget.checked })}
            />
            <Switch
              label={t("Dynamic infrastructure")}
              description={t("Scripts that run here may add and remove targets.")}
              checked={draft.AllowDynamicInfrastructure}
              onChange={(e) => setDraft({ ...draft, AllowDynamicInfrastructure: e.currentTarget.checked })}
            />
          </div>
        </Section>
      </Page>
      <Confirm
        grave
        opened={removing}
        onClose={() => setRemoving(false)}
        title={t("Delete {name}?", { name: environment.Name })}
        action={t("Delete {name}", { name: environment.Name })}
        onConfirm={() =>
          remove.mutate({ params: { id: environment.Id } }, { onError: failed, onSettled: () => setRemoving(false) })
        }
      >
        {t("The server refuses this while something uses the environment, and says what.")}
      </Confirm>
    </form>
  );
}
