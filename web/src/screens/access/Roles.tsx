import { IconShieldLock } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { type Column, ListPage } from "~/ui/ListPage";
import classes from "./access.module.css";
import { places } from "./places";

type Role = Wire<"UserRole">;

const columns: Column<Role>[] = [
  [t("Name"), (r) => <Link to={places.role(r.Id)}>{r.Name}</Link>],
  [t("What for"), (r) => <div className={classes.prose}>{r.Description}</div>],
  [
    t("Permissions"),
    (r) => (
      <span className="number">
        {(r.GrantedSpacePermissions?.length ?? 0) + (r.GrantedSystemPermissions?.length ?? 0)}
      </span>
    ),
  ],
  [t("Origin"), (r) => <span className="dim">{r.CanBeDeleted ? t("Made here") : t("Built in")}</span>],
];

export default function Roles() {
  const roles = useGet("/api/userroles/all", {});
  return (
    <ListPage
      title={t("Roles")}
      of={roles}
      columns={columns}
      words={(r) => `${r.Name} ${r.Description}`}
      add={{ label: t("Add role"), to: places.role("create"), needs: "UserRoleEdit" }}
      empty={{ icon: IconShieldLock, title: t("No roles yet.") }}
    />
  );
}
