import { IconPackageImport } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { Views } from "../library/Views";
import { labelOf, nameOf } from "./kinds";

type Feed = Wire<"Feed">;

export default function Feeds() {
  const space = useSpaceId();
  const feeds = useGet("/api/{spaceId}/feeds/all", {});
  const columns: Column<Feed>[] = [
    [t("Name"), (f) => <Link to={to.feed(space, f.Id)}>{nameOf(f)}</Link>],
    [t("Type"), (f) => labelOf(f.FeedType)],
    [t("Address"), (f) => <span className="dim">{f.FeedUri || f.Region || "—"}</span>],
  ];
  return (
    <ListPage
      title={t("Feeds")}
      views={<Views />}
      of={feeds}
      columns={columns}
      words={(f) => `${nameOf(f)} ${f.Name} ${f.FeedType} ${f.FeedUri ?? ""}`}
      add={{ label: t("Add feed"), to: to.feed(space, "create"), needs: "FeedEdit" }}
      empty={{ icon: IconPackageImport, title: t("No feeds yet. A feed is where packages come from.") }}
    />
  );
}
