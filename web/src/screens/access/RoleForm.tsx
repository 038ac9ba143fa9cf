import { Select } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { DialogForm } from "~/ui/form/DialogForm";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { usePermissions } from "./permissions";

type Props = { team: Wire<"Team">; roles: Wire<"UserRole">[]; onClose: () => void };

const isSystem = (role: Wire<"UserRole"> | undefined) => (role?.GrantedSystemPermissions ?? []).length > 0;
const isOfSpaces = (role: Wire<"UserRole"> | undefined) => (role?.GrantedSpacePermissions ?? []).length > 0;

// RoleForm gives a role to a team, for all of a space or a part of it.
export function RoleForm({ team, roles, onClose }: Props) {
  const { spaces } = useSession();
  const here = useSpaceId();
  const [chosen, choose] = useState<string | null>(null);
  const [inSpace, setSpace] = useState<string>(team.SpaceId || here);
  const [scope, setScope] = useState<Record<string, string[]>>({});
  const give = useSend("post", "/api/scopeduserroles", { onDone: onClose, touches: ["teams", "permissions"] });
  const role = roles.find((r) => r.Id === chosen);
  const space = isOfSpaces(role) ? inSpace : "";
  const submit = () => {
    give.mutate({ body: { TeamId: team.Id, UserRoleId: chosen, SpaceId: space || null, ...scope } });
  };
  const fitting = roles.filter((r) => !team.SpaceId || isOfSpaces(r));
  return (
    <DialogForm of={give} action={t("Give role")} ready={Boolean(chosen)} onSubmit={submit} onClose={onClose}>
      <Select
        label={t("Role")}
        description={role?.Description}
        searchable
        data={fitting.map((r) => ({ value: r.Id, label: r.Name }))}
        value={chosen}
        onChange={(id) => {
          choose(id);
          setScope({});
        }}
      />
      {role && isOfSpaces(role) && (
        <Select
          label={t("Space")}
          allowDeselect={false}
          disabled={Boolean(team.SpaceId)}
          data={spaces.map((s) => ({ value: s.Id, label: s.Name }))}
          value={inSpace}
          onChange={(id) => {
            setSpace(id ?? here);
            setScope({});
          }}
        />
      )}
      {role && isSystem(role) && !isOfSpaces(role) && <p className="dim">{t("It holds for the system as a whole.")}</p>}
      {role && space && <Limits role={role} space={space} value={scope} onChange={setScope} />}
    </DialogForm>
  );
}

type LimitsProps = {
  role: Wire<"UserRole">;
  space: string;
  value: Record<string, string[]>;
  onChange: (value: Record<string, string[]>) => void;
};

// Limits are the parts of a space that a role can be limited to.
function Limits({ role, space, value, onChange }: LimitsProps) {
  const at = { spaceId: space };
  // Of a role that people made, its own list says only what they wrote there.
  const granted = new Set<string>(role.GrantedSpacePermissions ?? []);
  const can = new Set(
    usePermissions()
      .filter((p) => granted.has(p.name))
      .flatMap((p) => p.SupportedRestrictions),
  );
  const groups = useGet("/api/{spaceId}/projectgroups/all", at, { enabled: can.has("Projects") });
  const projects = useGet("/api/{spaceId}/projects/all", at, { enabled: can.has("Projects") });
  const environments = useGet("/api/{spaceId}/environments/all", at, { enabled: can.has("Environments") });
  const tenants = useGet("/api/{spaceId}/tenants/all", at, { enabled: can.has("Tenants") });
  const pick = (member: string, label: string, all: string, list: { Id: string; Name: string }[] | null | undefined) =>
    (list ?? []).length > 0 && (
      <PickMany
        label={label}
        placeholder={all}
        choices={choicesOf(list)}
        value={value[member]}
        onChange={(ids) => onChange({ ...value, [member]: ids })}
      />
    );
  return (
    <>
      {pick("ProjectGroupIds", t("Only in project groups"), t("All groups"), groups.data)}
      {pick("ProjectIds", t("Only in projects"), t("All projects"), projects.data)}
      {pick("EnvironmentIds", t("Only in environments"), t("All environments"), environments.data)}
      {pick("TenantIds", t("Only for tenants"), t("All tenants"), tenants.data)}
    </>
  );
}
