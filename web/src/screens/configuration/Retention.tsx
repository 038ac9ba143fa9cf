import { NumberInput, Select, TextInput } from "@mantine/core";
import { useGet, useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import form from "~/ui/form/form.module.css";
import { done } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { SettingsForm } from "./SettingsForm";

type Policy = Wire<"RetentionPolicy">;

const abouts: Record<string, [title: string, about: string]> = {
  LifecycleRelease: [t("Releases"), t("For lifecycles and phases that keep what the space says.")],
  LifecycleTentacle: [t("Files of earlier releases on targets"), t("For lifecycles that keep what the space says.")],
  RunbookRetention: [t("Runs of runbooks"), t("For runbooks that keep what the space says, in each environment.")],
};

// Retention says what is kept where nothing else says so, and when the rest is
// removed.
export default function Retention() {
  const policies = useGet("/api/{spaceId}/retentionpolicies/all", {});
  const mayConfigure = useMay("ConfigureServer");
  return (
    <Page narrow title={t("Retention")}>
      <Read of={policies}>{(list) => <Policies key="policies" list={list} />}</Read>
      {mayConfigure && (
        <SettingsForm<{ CronExpression: string }> section="retentionpolicies">
          {({ value, put, readOnly }) => (
            <Section title={t("When the rest is removed")}>
              <TextInput
                label={t("Cron expression, by the clock of UTC")}
                description={t("Minutes, hours, day of the month, month, day of the week.")}
                spellCheck={false}
                disabled={readOnly}
                value={value.CronExpression}
                onChange={(e) => put({ CronExpression: e.currentTarget.value })}
              />
            </Section>
          )}
        </SettingsForm>
      )}
    </Page>
  );
}

function Policies({ list }: { list: Policy[] }) {
  return list.map((p) => <PolicyForm key={p.Id} policy={p} />);
}

function PolicyForm({ policy }: { policy: Policy }) {
  const mayEdit = useMay("LifecycleEdit");
  const draft = useDraft(policy);
  const p = draft.value;
  const save = useSend("put", "/api/{spaceId}/retentionpolicies/{id}", {
    touches: ["lifecycles"],
    onDone: (answer) => {
      draft.saved(answer);
      done(t("Saved."));
    },
  });
  const put = (change: Partial<Policy>) => draft.edit((now) => ({ ...now, ...change }));
  const [title, about] = abouts[p.RetentionType] ?? [p.Name, ""];
  return (
    <Section title={title}>
      <div className={form.fields}>
        <p className="dim">{about}</p>
        <div className={form.line}>
          <Select
            label={t("Keep")}
            w={180}
            allowDeselect={false}
            disabled={!mayEdit}
            data={[
              { value: "Forever", label: t("Everything") },
              { value: "Count", label: t("The newest") },
            ]}
            value={p.Strategy === "Count" ? "Count" : "Forever"}
            onChange={(Strategy) =>
              put({
                Strategy: Strategy ?? "Forever",
                QuantityToKeep: Strategy === "Count" ? p.QuantityToKeep || 10 : 0,
              })
            }
          />
          {p.Strategy === "Count" && (
            <>
              <NumberInput
                size="xs"
                w={100}
                aria-label={t("How many: {title}", { title })}
                min={1}
                disabled={!mayEdit}
                value={p.QuantityToKeep}
                onChange={(n) => put({ QuantityToKeep: Number(n) || 1 })}
              />
              <Select
                w={160}
                aria-label={t("Of what: {title}", { title })}
                allowDeselect={false}
                disabled={!mayEdit}
                data={[
                  { value: "Items", label: t("of them") },
                  { value: "Days", label: t("days") },
                ]}
                value={p.Unit}
                onChange={(Unit) => Unit && put({ Unit })}
              />
            </>
          )}
        </div>
      </div>
      <SaveBar
        dirty={draft.dirty}
        saving={save.isPending}
        error={save.error}
        onSave={() => save.mutate({ params: { id: policy.Id }, body: draft.value })}
        onDiscard={draft.discard}
      />
    </Section>
  );
}
