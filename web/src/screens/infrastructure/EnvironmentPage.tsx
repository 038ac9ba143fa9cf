import { Switch } from "@mantine/core";
import { useGet, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { ButtonLink } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "./places";

export default function EnvironmentPage() {
  const environment = useGet("/api/{spaceId}/environments/{id}", { id: useParam("environment") });
  return <Read of={environment}>{(e) => <Form key={e.Id} environment={e} />}</Read>;
}

function Form({ environment }: { environment: Environment }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/environments"
      document={environment}
      name={environment.Name}
      add={t("Add environment")}
      remove={[
        t("Delete environment"),
        t("The server refuses this while something uses the environment, and says what."),
      ]}
      list={{ label: t("Environments"), to: places.environments(space) }}
      place={(made) => places.environment(space, made.Id)}
      may={{ edit: "EnvironmentEdit", delete: "EnvironmentDelete" }}
      touches={["dashboard"]}
      why={named}
      actions={
        <ButtonLink variant="default" to={`${places.targets(space)}?environmentIds=${environment.Id}`}>
          {t("Show targets")}
        </ButtonLink>
      }
    >
      {(fields) => (
        <Section title={t("Settings")}>
          <div className={form.fields}>
            <NameFields {...fields} />
            <Switch
              label={t("Guided failure")}
              description={t("When a step fails, a person is asked what to do, unless the project decides otherwise.")}
              disabled={fields.readOnly}
              checked={fields.value.UseGuidedFailure}
              onChange={(e) => fields.put({ UseGuidedFailure: e.currentTarget.checked })}
            />
            <Switch
              label={t("Dynamic infrastructure")}
              description={t("Scripts that run here may add and remove targets.")}
              disabled={fields.readOnly}
              checked={fields.value.AllowDynamicInfrastructure}
              onChange={(e) => fields.put({ AllowDynamicInfrastructure: e.currentTarget.checked })}
            />
          </div>
        </Section>
      )}
    </DocumentForm>
  );
}
