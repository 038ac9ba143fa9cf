import { PasswordInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { useGet } from "~/api/query";
import type { User } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { DocumentForm, type Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { ButtonLink, Link } from "~/ui/Link";
import { Section } from "~/ui/Section";
import { StatusChip } from "~/ui/StatusChip";
import { Read } from "~/ui/state";
import { offLook, okLook } from "~/ui/status";
import { Keys } from "./Keys";
import { OidcIdentities } from "./OidcIdentities";
import { places } from "./places";

const blank = {
  Id: "",
  Username: "",
  DisplayName: "",
  EmailAddress: "",
  IsActive: true,
  IsService: false,
  Password: "",
} as unknown as User;

export default function UserPage() {
  const id = useParam("user");
  const isNew = id === "create";
  const user = useGet("/api/users/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form user={blank} />;
  return <Read of={user}>{(u) => <Form key={(u as User).Id} user={u as User} />}</Read>;
}

const missing = (u: User) => {
  if (!u.Username.trim()) return t("There is no user name yet.");
  if (u.Id === "" && !u.IsService && !u.Password) return t("There is no password yet.");
  return undefined;
};

// sent leaves the password out where none is typed: it stays as it is.
const sent = ({ Password, ...rest }: User) => (Password ? { ...rest, Password } : rest);

function Form({ user }: { user: User }) {
  const { user: me } = useSession();
  const document = useMemo(() => ({ ...user, Password: "" }), [user]);
  const isMe = user.Id === me.Id;
  return (
    <DocumentForm
      collection="/api/users"
      document={document}
      name={user.DisplayName || user.Username}
      add={t("Add user")}
      remove={
        isMe
          ? undefined
          : [
              t("Delete user"),
              t("What the user has done stays in the audit trail. Disable the user instead to keep the keys."),
            ]
      }
      list={{ label: t("Users"), to: places.users }}
      place={(made) => places.user(made.Id)}
      may={{ edit: "UserEdit" }}
      why={missing}
      sent={sent}
      touches={["teams"]}
      beside={user.Id && <StatusChip look={user.IsActive ? okLook(t("Active")) : offLook(t("Disabled"))} />}
      actions={
        user.Id && (
          <ButtonLink variant="default" to={places.permissions(user.Id)}>
            {t("What may they do?")}
          </ButtonLink>
        )
      }
    >
      {(fields) => (
        <>
          <Section title={t("Who it is")}>
            <div className={form.fields}>
              <Identity {...fields} isMe={isMe} />
            </div>
          </Section>
          {!fields.isNew && (
            <>
              <Teams id={user.Id} />
              <Keys user={user} />
              {user.IsService && <OidcIdentities account={user.Id} />}
            </>
          )}
        </>
      )}
    </DocumentForm>
  );
}

function Identity({ value: u, put, readOnly, isNew, isMe }: Fields<User> & { isMe: boolean }) {
  return (
    <>
      {isNew && (
        <SegmentedControl
          w="fit-content"
          aria-label={t("Kind of user")}
          data={[
            { value: "person", label: t("A person") },
            { value: "service", label: t("A service account") },
          ]}
          value={u.IsService ? "service" : "person"}
          onChange={(kind) => put({ IsService: kind === "service", Password: "" })}
        />
      )}
      {u.IsService && (
        <p className="dim">
          {t(
            "A service account is for programs. It signs in with API keys or with tokens of an issuer that it trusts.",
          )}
        </p>
      )}
      <div className={form.pair}>
        <TextInput
          label={t("User name")}
          disabled={readOnly}
          autoComplete="off"
          value={u.Username}
          onChange={(e) => put({ Username: e.currentTarget.value })}
        />
        <TextInput
          label={t("Shown name")}
          disabled={readOnly}
          placeholder={u.Username}
          value={u.DisplayName}
          onChange={(e) => put({ DisplayName: e.currentTarget.value })}
        />
      </div>
      {!u.IsService && (
        <div className={form.pair}>
          <TextInput
            label={t("E-mail")}
            type="email"
            disabled={readOnly}
            value={u.EmailAddress}
            onChange={(e) => put({ EmailAddress: e.currentTarget.value })}
          />
          <PasswordInput
            label={t("Password")}
            disabled={readOnly}
            autoComplete="new-password"
            placeholder={isNew ? "" : t("Kept as it is; type to replace it")}
            visibilityToggleButtonProps={{ "aria-label": t("Show the password") }}
            value={u.Password ?? ""}
            onChange={(e) => put({ Password: e.currentTarget.value })}
          />
        </div>
      )}
      {!isNew && (
        <Switch
          label={t("Active")}
          description={
            isMe
              ? t("You cannot disable yourself.")
              : t("Who is not active cannot sign in, and their keys are refused.")
          }
          disabled={readOnly || isMe}
          checked={u.IsActive}
          onChange={(e) => put({ IsActive: e.currentTarget.checked })}
        />
      )}
    </>
  );
}

type TeamItem = { Id: string; Name: string; SpaceId: string | null; IsDirectlyAssigned: boolean };

function Teams({ id }: { id: string }) {
  const teams = useGet("/api/users/{id}/teams", { id });
  const { spaces } = useSession();
  return (
    <Section title={t("Teams")}>
      <Read of={teams} rows={2}>
        {(answer) => {
          const list = answer as unknown as TeamItem[];
          if (list.length === 0) return <p className="dim">{t("In no team, and so allowed nothing.")}</p>;
          return (
            <ul className={form.plain}>
              {list.map((team) => (
                <li key={team.Id}>
                  <Link to={places.team(team.Id)}>{team.Name}</Link>{" "}
                  <span className="dim">
                    {team.SpaceId
                      ? t("of the space {name}", {
                          name: spaces.find((s) => s.Id === team.SpaceId)?.Name ?? team.SpaceId,
                        })
                      : t("of all spaces")}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Read>
    </Section>
  );
}
