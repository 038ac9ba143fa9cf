import { IconFileCode } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { Views } from "../library/Views";

type Module = Wire<"LibraryVariableSet">;

export default function Modules() {
  const space = useSpaceId();
  const modules = useGet("/api/{spaceId}/libraryvariablesets/all", {}, { query: { contentType: "ScriptModule" } });
  const columns: Column<Module>[] = [
    [t("Name"), (m) => <Link to={to.scriptModule(space, m.Id)}>{m.Name}</Link>],
    [t("Description"), (m) => <span className="dim">{m.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Script modules")}
      views={<Views />}
      of={modules}
      columns={columns}
      words={(m) => `${m.Name} ${m.Description}`}
      add={{ label: t("Add module"), to: to.scriptModule(space, "create"), needs: "LibraryVariableSetCreate" }}
      empty={{
        icon: IconFileCode,
        title: t("No script modules yet."),
        hint: t("A module holds functions that the scripts of the projects which include it can call."),
      }}
    />
  );
}
