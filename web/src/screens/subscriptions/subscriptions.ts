// What a subscription sends, and where to, in words.
import type { Wire } from "~/api/wire";
import { many, t } from "~/text/t";

type Subscription = Wire<"Subscription">;

export const places = {
  subscriptions: "/configuration/subscriptions",
  subscription: (id: string) => `/configuration/subscriptions/${encodeURIComponent(id)}`,
};

export function whatOf({ EventNotificationSubscription: { Filter } }: Subscription): string {
  const named = [...(Filter.EventGroups ?? []), ...(Filter.EventCategories ?? [])];
  if (named.length === 0) return t("Everything");
  return named.length > 3 ? many(named.length, "{n} kind of event", "{n} kinds of events") : named.join(", ");
}

export function whereOf({ EventNotificationSubscription: n }: Subscription): string {
  const ways = [
    (n.EmailTeams?.length ?? 0) > 0 && many(n.EmailTeams?.length ?? 0, "mail to {n} team", "mail to {n} teams"),
    n.WebhookURI,
    n.SlackWebhookUrl?.HasValue && t("Slack"),
  ].filter(Boolean);
  return ways.join(", ") || t("nowhere yet");
}
