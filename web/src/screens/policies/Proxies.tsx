import { IconRoute } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { places } from "../infrastructure/places";
import { Views } from "../infrastructure/Views";

type Proxy = Wire<"Proxy">;

export default function Proxies() {
  const space = useSpaceId();
  const proxies = useGet("/api/{spaceId}/proxies/all", {});
  const columns: Column<Proxy>[] = [
    [t("Name"), (p) => <Link to={places.proxy(space, p.Id)}>{p.Name}</Link>],
    [t("Address"), (p) => <code>{`${p.Host}:${p.Port}`}</code>],
    [t("User name"), (p) => <span className="dim">{p.Username || "—"}</span>],
  ];
  return (
    <ListPage
      title={t("Proxies")}
      views={<Views />}
      of={proxies}
      columns={columns}
      words={(p) => `${p.Name} ${p.Host}`}
      add={{ label: t("Add proxy"), to: places.proxy(space, "create"), needs: "ProxyCreate" }}
      empty={{ icon: IconRoute, title: t("No proxies yet. Machines behind one are reached through it.") }}
    />
  );
}
