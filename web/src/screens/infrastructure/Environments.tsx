import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconStack2 } from "@tabler/icons-react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Environment } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { many, t } from "~/text/t";
import { ButtonLink, Link } from "~/ui/Link";
import { failed } from "~/ui/notify";
import { Page } from "~/ui/Page";
import { EmptyState, Read } from "~/ui/state";
import { Right, Table } from "~/ui/Table";
import { AddEnvironment } from "./AddEnvironment";
import { MoveButton } from "./MoveButton";
import { places } from "./places";
import { Views } from "./Views";

export default function Environments() {
  const space = useSpaceId();
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const machines = useGet("/api/{spaceId}/machines/all", {});
  const [adding, setAdding] = useQueryWord("add");
  const mayAdd = useMay("EnvironmentCreate");
  const sort = useSend("put", "/api/{spaceId}/environments/sortorder");
  const count = (id: string) => machines.data?.filter((m) => m.EnvironmentIds?.includes(id)).length ?? 0;
  const add = mayAdd && <Button onClick={() => setAdding("yes")}>{t("Add environment…")}</Button>;

  const move = (all: Environment[], from: number, by: number) => {
    const ids = all.map((e) => e.Id);
    const [id] = ids.splice(from, 1);
    if (id) ids.splice(from + by, 0, id);
    sort.mutate({ body: ids as never }, { onError: failed });
  };

  return (
    <Page
      title={t("Environments")}
      actions={
        <>
          <ButtonLink variant="default" to={places.parents(space)}>
            {t("Parent environments")}
          </ButtonLink>
          {add}
        </>
      }
    >
      <Views />
      <Read of={environments}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              icon={IconStack2}
              title={t("No environments yet. An environment is a stage that releases go through, such as Test.")}
            >
              {add}
            </EmptyState>
          ) : (
            <Table
              label={t("Environments")}
              head={[t("Name"), t("Targets"), t("Guided failure"), t("Description"), ""]}
            >
              {all.map((e, i) => (
                <Row key={e.Id} environment={e} targets={count(e.Id)}>
                  <MoveButton
                    label={t("Move {name} up", { name: e.Name })}
                    icon={IconArrowUp}
                    disabled={i === 0 || sort.isPending}
                    onClick={() => move(all, i, -1)}
                  />
                  <MoveButton
                    label={t("Move {name} down", { name: e.Name })}
                    icon={IconArrowDown}
                    disabled={i === all.length - 1 || sort.isPending}
                    onClick={() => move(all, i, 1)}
                  />
                </Row>
              ))}
            </Table>
          )
        }
      </Read>
      <AddEnvironment opened={Boolean(adding)} onClose={() => setAdding(undefined)} />
    </Page>
  );
}

type RowProps = { environment: Environment; targets: number; children: React.ReactNode };

function Row({ environment, targets, children }: RowProps) {
  const space = useSpaceId();
  return (
    <tr>
      <th scope="row">
        <Link to={places.environment(space, environment.Id)}>{environment.Name}</Link>
      </th>
      <td>
        <Link to={`${places.targets(space)}?environmentIds=${environment.Id}`}>
          {many(targets, "{n} target", "{n} targets")}
        </Link>
      </td>
      <td className="dim">{environment.UseGuidedFailure ? t("On") : t("Off")}</td>
      <td className="dim">{environment.Description}</td>
      <td>
        <Right>{children}</Right>
      </td>
    </tr>
  );
}
