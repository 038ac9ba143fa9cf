import { Select, Switch, TextInput } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { SecretField } from "~/ui/form/SecretField";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "./subscriptions";

type Subscription = Wire<"Subscription">;
type Notification = Subscription["EventNotificationSubscription"];
type Filter = Notification["Filter"];

const blank = {
  Id: "",
  Name: "",
  Type: "Event",
  IsDisabled: false,
  EventNotificationSubscription: {
    Filter: { EventGroups: [], EventCategories: [], Projects: [], Environments: [] },
    EmailTeams: [],
    EmailFrequencyPeriod: "01:00:00",
    EmailPriority: "Normal",
    WebhookURI: "",
    WebhookTeams: [],
    WebhookTimeout: "00:00:10",
    WebhookHeaderKey: "",
    WebhookHeaderValue: "",
  },
} as unknown as Subscription;

export default function SubscriptionPage() {
  const id = useParam("subscription");
  const isNew = id === "create";
  const subscription = useGet("/api/{spaceId}/subscriptions/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form subscription={blank} />;
  return <Read of={subscription}>{(s) => <Form key={s.Id} subscription={s} />}</Read>;
}

const why = (s: Subscription) => {
  const n = s.EventNotificationSubscription;
  const goes = n.WebhookURI || n.EmailTeams?.length || n.SlackWebhookUrl?.HasValue;
  return named(s) ?? (goes ? undefined : t("It goes nowhere yet."));
};

function Form({ subscription }: { subscription: Subscription }) {
  return (
    <DocumentForm
      collection="/api/{spaceId}/subscriptions"
      document={subscription}
      name={subscription.Name}
      add={t("Add subscription")}
      remove={[t("Delete subscription"), t("Nothing is sent any more.")]}
      list={{ label: t("Subscriptions"), to: places.subscriptions }}
      place={(made) => places.subscription(made.Id)}
      may={{ edit: "SubscriptionEdit", add: "SubscriptionCreate", delete: "SubscriptionDelete" }}
      why={why}
    >
      {(fields) => (
        <>
          <Section title={t("Subscription")}>
            <div className={form.fields}>
              <TextInput
                label={t("Name")}
                disabled={fields.readOnly}
                value={fields.value.Name}
                onChange={(e) => fields.put({ Name: e.currentTarget.value })}
              />
              <Switch
                label={t("Active")}
                disabled={fields.readOnly}
                checked={!fields.value.IsDisabled}
                onChange={(e) => fields.put({ IsDisabled: !e.currentTarget.checked })}
              />
            </div>
          </Section>
          <What {...fields} />
          <Where {...fields} />
        </>
      )}
    </DocumentForm>
  );
}

type Named = { Id: string; Name: string };

const everything = t("Everything");

function What({ value, put, readOnly }: Fields<Subscription>) {
  const n = value.EventNotificationSubscription;
  const groups = useGet("/api/events/groups", {});
  const categories = useGet("/api/events/categories", {});
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const change = (Filter: Partial<Filter>) =>
    put({ EventNotificationSubscription: { ...n, Filter: { ...n.Filter, ...Filter } } });
  const pick = (label: string, member: keyof Filter, list: unknown, placeholder = everything) => (
    <PickMany
      label={label}
      placeholder={placeholder}
      disabled={readOnly}
      choices={choicesOf(list as Named[] | undefined)}
      value={n.Filter[member]}
      onChange={(ids) => change({ [member]: ids })}
    />
  );
  return (
    <Section title={t("What is sent")}>
      <div className={form.fields}>
        {pick(t("Groups of events"), "EventGroups", groups.data)}
        {pick(t("Kinds of events"), "EventCategories", categories.data, t("All of these groups"))}
        <div className={form.pair}>
          {pick(t("Only of projects"), "Projects", projects.data, t("All projects"))}
          {pick(t("Only of environments"), "Environments", environments.data, t("All environments"))}
        </div>
      </div>
    </Section>
  );
}

const often = [
  { value: "00:05:00", label: t("Every five minutes") },
  { value: "01:00:00", label: t("Every hour") },
  { value: "1.00:00:00", label: t("Every day") },
  { value: "7.00:00:00", label: t("Every week") },
];

function Where({ value, put, readOnly }: Fields<Subscription>) {
  const n = value.EventNotificationSubscription;
  const teams = useGet("/api/teams/all", {}, { query: { spaces: "all" } });
  const change = (next: Partial<Notification>) => put({ EventNotificationSubscription: { ...n, ...next } });
  const text = (member: keyof Notification, label: string, placeholder = "") => (
    <TextInput
      label={label}
      placeholder={placeholder}
      spellCheck={false}
      disabled={readOnly}
      value={(n[member] as string | null) ?? ""}
      onChange={(e) => change({ [member]: e.currentTarget.value })}
    />
  );
  const known = often.some((o) => o.value === n.EmailFrequencyPeriod);
  return (
    <Section title={t("Where to")}>
      <div className={form.fields}>
        <div className={form.pair}>
          <PickMany
            label={t("By mail to the members of teams")}
            placeholder={t("No team")}
            disabled={readOnly}
            choices={choicesOf(teams.data)}
            value={n.EmailTeams}
            onChange={(EmailTeams) => change({ EmailTeams })}
          />
          <Select
            label={t("How often, at most")}
            allowDeselect={false}
            disabled={readOnly}
            data={known ? often : [...often, { value: n.EmailFrequencyPeriod, label: n.EmailFrequencyPeriod }]}
            value={n.EmailFrequencyPeriod}
            onChange={(EmailFrequencyPeriod) => EmailFrequencyPeriod && change({ EmailFrequencyPeriod })}
          />
        </div>
        {text("WebhookURI", t("By a webhook to"), "https://hooks.example.com/tako")}
        {n.WebhookURI && (
          <div className={form.pair}>
            {text("WebhookHeaderKey", t("Header"), "Authorization")}
            {text("WebhookHeaderValue", t("Value of the header"))}
          </div>
        )}
        <SecretField
          label={t("To a channel of Slack")}
          description={t("The address of an incoming webhook, which Slack gives for a channel.")}
          disabled={readOnly}
          value={n.SlackWebhookUrl}
          onChange={(secret) => change({ SlackWebhookUrl: secret as Notification["SlackWebhookUrl"] })}
        />
      </div>
    </Section>
  );
}
