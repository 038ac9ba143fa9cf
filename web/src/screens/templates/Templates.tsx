import { IconPuzzle } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { Views } from "../library/Views";
import { typeOf } from "../process/types/registry";

type Template = Wire<"ActionTemplate">;

export default function Templates() {
  const space = useSpaceId();
  const templates = useGet("/api/{spaceId}/actiontemplates/all", {});
  const columns: Column<Template>[] = [
    [t("Name"), (x) => <Link to={to.stepTemplate(space, x.Id)}>{x.Name}</Link>],
    [t("Kind of step"), (x) => typeOf(x).label],
    [t("Version"), (x) => <span className="number">{x.Version}</span>],
    [t("Parameters"), (x) => <span className="number">{x.Parameters?.length ?? 0}</span>],
    [t("Description"), (x) => <span className="dim">{x.Description}</span>],
  ];
  return (
    <ListPage
      title={t("Step templates")}
      views={<Views />}
      of={templates}
      columns={columns}
      actions={
        <ButtonLink variant="default" to={to.communityTemplates(space)}>
          {t("Community templates")}
        </ButtonLink>
      }
      words={(x) => `${x.Name} ${x.Description}`}
      add={{ label: t("Add template"), to: to.stepTemplate(space, "create"), needs: "ActionTemplateCreate" }}
      empty={{
        icon: IconPuzzle,
        title: t("No step templates yet."),
        hint: t("A template is a step with parameters, made once and used in many processes."),
      }}
    />
  );
}
