import { Select } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "./places";
import { TeamRoles } from "./TeamRoles";

type Team = Wire<"Team">;

const blank = {
  Id: "",
  Name: "",
  Description: "",
  SpaceId: null,
  MemberUserIds: [],
  CanChangeMembers: true,
  CanChangeRoles: true,
  CanBeDeleted: true,
} as unknown as Team;

export default function TeamPage() {
  const id = useParam("team");
  const isNew = id === "create";
  const team = useGet("/api/teams/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form team={blank} />;
  return <Read of={team}>{(x) => <Form key={x.Id} team={x} />}</Read>;
}

function Form({ team }: { team: Team }) {
  return (
    <DocumentForm
      collection="/api/teams"
      document={team}
      name={team.Name}
      add={t("Add team")}
      remove={
        team.CanBeDeleted
          ? [t("Delete team"), t("Its members lose the roles that they have by it, at once.")]
          : undefined
      }
      list={{ label: t("Teams"), to: places.teams }}
      place={(made) => places.team(made.Id)}
      may={{ edit: "TeamEdit", add: "TeamCreate", delete: "TeamDelete" }}
      touches={["users", "scopeduserroles"]}
      why={named}
    >
      {(fields) => (
        <>
          <Section title={t("Team")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              {fields.isNew && <SpaceChoice {...fields} />}
              <Members {...fields} />
            </div>
          </Section>
          {!fields.isNew && <TeamRoles team={team} />}
        </>
      )}
    </DocumentForm>
  );
}

function SpaceChoice({ value, put, readOnly }: Fields<Team>) {
  const { spaces } = useSession();
  return (
    <Select
      label={t("Space")}
      description={t("A team of a space has roles in that space alone, and is managed by its managers.")}
      allowDeselect={false}
      disabled={readOnly}
      data={[{ value: "", label: t("All spaces") }, ...spaces.map((s) => ({ value: s.Id, label: s.Name }))]}
      value={value.SpaceId ?? ""}
      onChange={(id) => put({ SpaceId: (id || null) as string })}
    />
  );
}

function Members({ value, put, readOnly }: Fields<Team>) {
  const users = useGet("/api/users/all", {});
  if (!value.CanChangeMembers) return <p className="dim">{t("Everybody who can sign in is in this team.")}</p>;
  return (
    <PickMany
      label={t("Members")}
      placeholder={t("Nobody yet")}
      disabled={readOnly}
      choices={(users.data ?? []).map((u) => ({ value: u.Id, label: u.DisplayName || u.Username }))}
      value={value.MemberUserIds}
      onChange={(MemberUserIds) => put({ MemberUserIds })}
    />
  );
}
