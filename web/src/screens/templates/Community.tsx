import { Button } from "@mantine/core";
import { IconPuzzle } from "@tabler/icons-react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { done, failed } from "~/ui/notify";
import { Right } from "~/ui/Table";
import { typeOf } from "../process/types/registry";

type Community = Wire<"CommunityTemplate">;
type Template = Wire<"ActionTemplate">;

// Community are the step templates that come with the server, to be taken into
// the space, where processes use them as any other.
export default function Community() {
  const space = useSpaceId();
  const all = useGet("/api/communityactiontemplates/all", {});
  const own = useGet("/api/{spaceId}/actiontemplates/all", {});
  const installed = (x: Community) => own.data?.find((made) => made.CommunityActionTemplateId === x.Id);
  const columns: Column<Community>[] = [
    [
      t("Name"),
      (x) => {
        const made = installed(x);
        return (
          <>
            {made ? <Link to={to.stepTemplate(space, made.Id)}>{x.Name}</Link> : x.Name}
            <div className="dim">{x.Description}</div>
          </>
        );
      },
    ],
    [t("Kind of step"), (x) => typeOf(x).label],
    [t("Parameters"), (x) => <span className="number">{x.Parameters?.length ?? 0}</span>],
    ["", (x) => own.data && <Take template={x} made={installed(x)} />],
  ];
  return (
    <ListPage
      title={t("Community step templates")}
      crumbs={[{ label: t("Step templates"), to: to.stepTemplates(space) }, { label: t("Community") }]}
      of={all}
      columns={columns}
      words={(x) => `${x.Name} ${x.Description} ${x.Category}`}
      empty={{
        icon: IconPuzzle,
        title: t("This server offers no community step templates."),
        hint: t("They may be switched off in its features."),
      }}
    />
  );
}

type Props = { template: Community; made: Template | undefined };

// Take installs a template in the space, or brings up to date what was made of
// it.
function Take({ template, made }: Props) {
  const spaceId = useSpaceId();
  const mayAdd = useMay("ActionTemplateCreate");
  const mayEdit = useMay("ActionTemplateEdit");
  const params = { id: template.Id, space: spaceId };
  const touches = ["actiontemplates"];
  const install = useSend("post", "/api/communityactiontemplates/{id}/installation/{space}", {
    touches,
    onDone: () => done(t("{name} can be used in processes now.", { name: template.Name })),
  });
  const update = useSend("put", "/api/communityactiontemplates/{id}/installation/{space}", {
    touches,
    onDone: ({ Version }) =>
      done(
        Version === made?.Version
          ? t("{name} is up to date.", { name: template.Name })
          : t("{name} is at version {n} now.", { name: template.Name, n: Version }),
      ),
  });
  if (made) {
    return (
      <Right>
        <span className="dim">{t("Installed")}</span>
        {mayEdit && (
          <Button
            variant="default"
            loading={update.isPending}
            aria-label={t("Update {name}", { name: template.Name })}
            onClick={() => update.mutate({ params }, { onError: failed })}
          >
            {t("Update")}
          </Button>
        )}
      </Right>
    );
  }
  if (!mayAdd) return null;
  return (
    <Right>
      <Button
        variant="default"
        loading={install.isPending}
        aria-label={t("Install {name}", { name: template.Name })}
        onClick={() => install.mutate({ params }, { onError: failed })}
      >
        {t("Install")}
      </Button>
    </Right>
  );
}
