import { Checkbox } from "@mantine/core";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { many, t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { ButtonLink } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import classes from "./access.module.css";
import { bySubject, type Permission, usePermissions } from "./permissions";
import { places } from "./places";

type Role = Wire<"UserRole">;
type Member = "GrantedSpacePermissions" | "GrantedSystemPermissions";

const blank = {
  Id: "",
  Name: "",
  Description: "",
  GrantedSpacePermissions: [],
  GrantedSystemPermissions: [],
  CanBeDeleted: true,
} as unknown as Role;

// RolePage edits a role, makes one, or makes one from another.
export default function RolePage() {
  const id = useParam("role");
  const [from] = useQueryWord("from");
  const isNew = id === "create";
  const role = useGet("/api/userroles/{id}", { id: isNew ? from : id }, { enabled: !isNew || Boolean(from) });
  if (isNew && !from) return <Form role={blank} />;
  return <Read of={role}>{(r) => <Form key={`${id} ${r.Id}`} role={isNew ? copyOf(r) : r} />}</Read>;
}

const copyOf = (role: Role): Role => ({
  ...blank,
  Name: t("Copy of {name}", { name: role.Name }),
  Description: role.Description,
  GrantedSpacePermissions: role.GrantedSpacePermissions,
  GrantedSystemPermissions: role.GrantedSystemPermissions,
});

function Form({ role }: { role: Role }) {
  const mayAdd = useMay("UserRoleEdit");
  return (
    <DocumentForm
      collection="/api/userroles"
      document={role}
      name={role.Name}
      add={t("Add role")}
      remove={role.CanBeDeleted ? [t("Delete role"), t("Teams that have it lose what it allows, at once.")] : undefined}
      list={{ label: t("Roles"), to: places.roles }}
      place={(made) => places.role(made.Id)}
      may={{ edit: "UserRoleEdit" }}
      fixed={
        role.CanBeDeleted ? undefined : t("This role is built in and stays as it is. Copy it to make one of your own.")
      }
      touches={["permissions"]}
      why={named}
      actions={
        mayAdd &&
        role.Id && (
          <ButtonLink variant="default" to={`${places.role("create")}?from=${role.Id}`}>
            {t("Copy…")}
          </ButtonLink>
        )
      }
    >
      {(fields) => (
        <>
          <Section title={t("Role")}>
            <div className={form.fields}>
              <NameFields {...fields} />
            </div>
          </Section>
          <Granted {...fields} member="GrantedSpacePermissions" title={t("What it allows in spaces")} />
          <Granted {...fields} member="GrantedSystemPermissions" title={t("What it allows in the system")} />
        </>
      )}
    </DocumentForm>
  );
}

type GrantedProps = Fields<Role> & { member: Member; title: string };

// Granted are the permissions of a role, in groups that can be taken as one.
function Granted({ value, put, readOnly, member, title }: GrantedProps) {
  const [words, setWords] = useState("");
  const level = member === "GrantedSpacePermissions" ? "CanApplyAtSpaceLevel" : "CanApplyAtSystemLevel";
  const all = usePermissions().filter((p) => p[level]);
  const has = new Set(value[member] ?? []);
  const wanted = words.trim().toLowerCase();
  const shown = all.filter((p) => `${p.name} ${p.Description}`.toLowerCase().includes(wanted));
  const set = (names: string[], on: boolean) => {
    const next = new Set(has);
    for (const name of names) on ? next.add(name) : next.delete(name);
    put({ [member]: all.map((p) => p.name).filter((name) => next.has(name)) });
  };
  return (
    <Section
      title={title}
      beside={<span className="dim">{many(has.size, "{n} permission", "{n} permissions")}</span>}
      actions={
        <Filter
          w={180}
          label={t("Filter: {title}", { title })}
          placeholder={t("Filter")}
          value={words}
          onChange={setWords}
        />
      }
    >
      <div className={classes.groups}>
        {bySubject(shown).map(({ subject, title: name, permissions }) => (
          <Group key={subject} title={name} permissions={permissions} has={has} readOnly={readOnly} onSet={set} />
        ))}
      </div>
    </Section>
  );
}

type GroupProps = {
  title: string;
  permissions: Permission[];
  has: Set<string>;
  readOnly: boolean;
  onSet: (names: string[], on: boolean) => void;
};

function Group({ title, permissions, has, readOnly, onSet }: GroupProps) {
  const names = permissions.map((p) => p.name);
  const count = names.filter((n) => has.has(n)).length;
  return (
    <fieldset className={classes.group}>
      <legend>
        <Checkbox
          label={title}
          disabled={readOnly}
          checked={count === names.length}
          indeterminate={count > 0 && count < names.length}
          onChange={(e) => onSet(names, e.currentTarget.checked)}
        />
      </legend>
      {permissions.map((p) => (
        <Checkbox
          key={p.name}
          size="xs"
          label={p.Description}
          title={p.name}
          disabled={readOnly}
          checked={has.has(p.name)}
          onChange={(e) => onSet([p.name], e.currentTarget.checked)}
        />
      ))}
    </fieldset>
  );
}
