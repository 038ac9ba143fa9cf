import { Button } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import type { User } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import { StatusChip } from "~/ui/StatusChip";
import { offLook, okLook } from "~/ui/status";
import { Invite } from "./Invite";
import { places } from "./places";

const columns: Column<User>[] = [
  [t("Name"), (u) => <Link to={places.user(u.Id)}>{u.DisplayName || u.Username}</Link>],
  [t("User name"), (u) => u.Username],
  [t("E-mail"), (u) => <span className="dim">{u.EmailAddress || "—"}</span>],
  [t("Kind"), (u) => <span className="dim">{u.IsService ? t("Service account") : t("Person")}</span>],
  [t("State"), (u) => <StatusChip look={u.IsActive ? okLook(t("Active")) : offLook(t("Disabled"))} />],
];

export default function Users() {
  const [inviting, setInviting] = useQueryWord("invite");
  const mayInvite = useMay("UserInvite");
  const users = useGet("/api/users/all", {});
  return (
    <ListPage
      title={t("Users")}
      of={users}
      columns={columns}
      words={(u) => `${u.DisplayName} ${u.Username} ${u.EmailAddress}`}
      actions={
        mayInvite && (
          <Button variant="default" onClick={() => setInviting("yes", { push: true })}>
            {t("Invite…")}
          </Button>
        )
      }
      add={{ label: t("Add user"), to: places.user("create"), needs: "UserEdit" }}
      empty={{ icon: IconUser, title: t("No users yet.") }}
    >
      <Invite opened={Boolean(inviting)} onClose={() => setInviting(undefined)} />
    </ListPage>
  );
}
