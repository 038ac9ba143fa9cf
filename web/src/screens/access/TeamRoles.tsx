import { ActionIcon, Button, Modal } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useMay, useSession } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, Rows } from "~/ui/ListPage";
import { failed } from "~/ui/notify";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { Right } from "~/ui/Table";
import { places } from "./places";
import { RoleForm } from "./RoleForm";
import { ScopeWords } from "./ScopeWords";

type Given = Wire<"ScopedUserRole">;

// TeamRoles are the roles that a team has, each with where it holds.
export function TeamRoles({ team }: { team: Wire<"Team"> }) {
  const mayEdit = useMay("TeamEdit") && team.CanChangeRoles;
  const { spaces } = useSession();
  const roles = useGet("/api/userroles/all", {});
  const given = useGet("/api/scopeduserroles/all", {}, { query: { teamId: team.Id, spaces: "all" } });
  const remove = useSend("delete", "/api/scopeduserroles/{id}", { touches: ["permissions"] });
  const [adding, add] = useState(false);
  const nameOf = (id: string) => roles.data?.find((r) => r.Id === id)?.Name ?? id;
  const columns: Column<Given>[] = [
    [t("Role"), (g) => <Link to={places.role(g.UserRoleId)}>{nameOf(g.UserRoleId)}</Link>],
    [
      t("Space"),
      (g) => (
        <span className="dim">
          {g.SpaceId ? (spaces.find((s) => s.Id === g.SpaceId)?.Name ?? g.SpaceId) : t("The system")}
        </span>
      ),
    ],
    [t("Only for"), (g) => <ScopeWords of={g} space={g.SpaceId} />],
    [
      "",
      (g) => (
        <Right>
          {mayEdit && (
            <ActionIcon
              aria-label={t("Take away {name}", { name: nameOf(g.UserRoleId) })}
              onClick={() => remove.mutate({ params: { id: g.Id } }, { onError: failed })}
            >
              <IconTrash size={15} />
            </ActionIcon>
          )}
        </Right>
      ),
    ],
  ];
  return (
    <Section
      flush
      title={t("Roles")}
      actions={
        mayEdit && (
          <Button variant="default" onClick={() => add(true)}>
            {t("Give a role…")}
          </Button>
        )
      }
    >
      <Read of={given} rows={2}>
        {(list) =>
          list.length > 0 ? (
            <Rows label={t("Roles")} items={list} columns={columns} />
          ) : (
            <p className="dim" style={{ margin: "12px 16px" }}>
              {t("No role yet: being in this team allows nothing.")}
            </p>
          )
        }
      </Read>
      <Modal opened={adding} onClose={() => add(false)} title={t("Give a role to {name}", { name: team.Name })}>
        <RoleForm team={team} roles={roles.data ?? []} onClose={() => add(false)} />
      </Modal>
    </Section>
  );
}
