import { IconPlanet } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import type { Space } from "~/api/wire";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { StatusChip } from "~/ui/StatusChip";
import { type Look, okLook } from "~/ui/status";
import { Names } from "../infrastructure/Names";
import { places } from "./places";

const stopped: Look = { tone: "hold", shape: "bars", word: t("Queue stopped") };

const columns: Column<Space>[] = [
  [
    t("Name"),
    (s) => (
      <>
        <Link to={places.space(s.Id)}>{s.Name}</Link> {s.IsDefault && <Names of={[t("Where people begin")]} />}
      </>
    ),
  ],
  [t("Slug"), (s) => <code className="dim">{s.Slug}</code>],
  [t("Tasks"), (s) => <StatusChip look={s.TaskQueueStopped ? stopped : okLook(t("Running"))} />],
  [t("Description"), (s) => <span className="dim">{s.Description}</span>],
  [t("Open"), (s) => <Link to={`/${s.Id}`}>{t("To the dashboard")}</Link>],
];

export default function Spaces() {
  const spaces = useGet("/api/spaces/all", {});
  return (
    <ListPage
      title={t("Spaces")}
      of={spaces}
      columns={columns}
      words={(s) => `${s.Name} ${s.Description}`}
      add={{ label: t("Add space"), to: places.space("create"), needs: "SpaceCreate" }}
      empty={{ icon: IconPlanet, title: t("You may see no space.") }}
    />
  );
}
