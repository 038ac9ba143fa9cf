import { IconSnowflake } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import { many, t } from "~/text/t";
import { exact } from "~/text/time";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { StatusChip } from "~/ui/StatusChip";
import { againOf, type Freeze, places, stateOf } from "./freezes";

const at = (moment: string | null) => <span className="number">{moment ? exact(new Date(moment)) : "—"}</span>;

const columns: Column<Freeze>[] = [
  [t("Name"), (f) => <Link to={places.freeze(f.Id)}>{f.Name}</Link>],
  [t("State"), (f) => <StatusChip look={stateOf(f)} />],
  [t("From"), (f) => at(f.Start)],
  [t("Until"), (f) => at(f.End)],
  [t("How often"), (f) => <span className="dim">{againOf(f)}</span>],
  [t("Projects"), (f) => many(Object.keys(f.ProjectEnvironmentScope ?? {}).length, "{n} project", "{n} projects")],
];

export default function Freezes() {
  const freezes = useGet("/api/deploymentfreezes/all", {});
  return (
    <ListPage
      title={t("Deployment freezes")}
      of={freezes}
      columns={columns}
      words={(f) => `${f.Name} ${f.Description ?? ""}`}
      add={{ label: t("Add freeze"), to: places.freeze("create"), needs: "DeploymentFreezeAdminister" }}
      empty={{
        icon: IconSnowflake,
        title: t("No freezes yet."),
        hint: t("While a freeze is in force, its projects are not deployed to its environments."),
      }}
    />
  );
}
