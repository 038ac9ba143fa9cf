import { IconUsersGroup } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useSession } from "~/app/session";
import { many, t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { places } from "./places";

type Team = Wire<"Team">;

export default function Teams() {
  const teams = useGet("/api/teams/all", {}, { query: { spaces: "all" } });
  const { spaces } = useSession();
  const space = (id: string | null) => (id ? (spaces.find((s) => s.Id === id)?.Name ?? id) : t("All spaces"));
  const columns: Column<Team>[] = [
    [t("Name"), (x) => <Link to={places.team(x.Id)}>{x.Name}</Link>],
    [t("Space"), (x) => <span className="dim">{space(x.SpaceId)}</span>],
    [
      t("Members"),
      (x) => (x.CanChangeMembers ? many(x.MemberUserIds?.length ?? 0, "{n} member", "{n} members") : t("Everybody")),
    ],
    [t("Description"), (x) => <span className="dim">{x.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Teams")}
      of={teams}
      columns={columns}
      words={(x) => `${x.Name} ${space(x.SpaceId)}`}
      add={{ label: t("Add team"), to: places.team("create"), needs: "TeamCreate" }}
      empty={{ icon: IconUsersGroup, title: t("No teams yet."), hint: t("A team gives its members roles.") }}
    />
  );
}
