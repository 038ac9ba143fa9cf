import { IconPlant2 } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { idleWords } from "./idle";
import { places } from "./places";

// Parents are the environments below which others come and go with branches.
export default function Parents() {
  const space = useSpaceId();
  const parents = useGet("/api/{spaceId}/parentenvironments/all", {});
  const columns: Column<Environment>[] = [
    [t("Name"), (e) => <Link to={places.parent(space, e.Id)}>{e.Name}</Link>],
    [t("Taken down"), (e) => <span className="dim">{idleWords(e.AutomaticDeprovisioningRule)}</span>],
    [t("Description"), (e) => <span className="dim">{e.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Parent environments")}
      crumbs={[{ label: t("Environments"), to: places.environments(space) }, { label: t("Parent environments") }]}
      of={parents}
      columns={columns}
      add={{ label: t("Add parent environment"), to: places.parent(space, "create"), needs: "EnvironmentCreate" }}
      empty={{
        icon: IconPlant2,
        title: t("No parent environments yet."),
        hint: t("Below one, environments come and go with the branches of projects, and share what it has."),
      }}
    />
  );
}
