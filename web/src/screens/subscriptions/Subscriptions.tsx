import { IconBell } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { StatusChip } from "~/ui/StatusChip";
import { offLook, okLook } from "~/ui/status";
import { places, whatOf, whereOf } from "./subscriptions";

type Subscription = Wire<"Subscription">;

const columns: Column<Subscription>[] = [
  [t("Name"), (s) => <Link to={places.subscription(s.Id)}>{s.Name}</Link>],
  [t("State"), (s) => <StatusChip look={s.IsDisabled ? offLook(t("Disabled")) : okLook(t("Active"))} />],
  [t("What"), (s) => <span className="dim">{whatOf(s)}</span>],
  [t("Where to"), (s) => <span className="dim">{whereOf(s)}</span>],
];

export default function Subscriptions() {
  const here = useSpaceId();
  const { spaces } = useSession();
  const subscriptions = useGet("/api/{spaceId}/subscriptions/all", {});
  const space = spaces.find((s) => s.Id === here)?.Name ?? here;
  return (
    <ListPage
      title={t("Subscriptions of {space}", { space })}
      of={subscriptions}
      columns={columns}
      words={(s) => s.Name}
      add={{ label: t("Add subscription"), to: places.subscription("create"), needs: "SubscriptionCreate" }}
      empty={{
        icon: IconBell,
        title: t("No subscriptions yet."),
        hint: t("A subscription sends what the audit trail records to people by mail, or to programs by a webhook."),
      }}
    />
  );
}
