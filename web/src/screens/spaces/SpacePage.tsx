import { Switch, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useGet } from "~/api/query";
import type { Space } from "~/api/wire";
import { useGo, useParam } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { DocumentForm, type Fields, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { ButtonLink } from "~/ui/Link";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { places } from "./places";

export default function SpacePage() {
  const id = useParam("spaceDocument");
  const isNew = id === "create";
  const { user } = useSession();
  const space = useGet("/api/spaces/{id}", { id }, { enabled: !isNew });
  if (isNew) return <Form space={blank(user.Id)} />;
  return <Read of={space}>{(s) => <Form key={s.Id} space={s} />}</Read>;
}

const blank = (user: string) =>
  ({
    Id: "",
    Name: "",
    Description: "",
    TaskQueueStopped: false,
    SpaceManagersTeams: [],
    SpaceManagersTeamMembers: [user],
  }) as unknown as Space;

const why = (s: Space) => {
  if (named(s)) return named(s);
  const managers = (s.SpaceManagersTeams?.length ?? 0) + (s.SpaceManagersTeamMembers?.length ?? 0);
  return managers === 0 ? t("It has no manager yet.") : undefined;
};

function Form({ space }: { space: Space }) {
  const cache = useQueryClient();
  const go = useGo();
  return (
    <DocumentForm
      collection="/api/spaces"
      document={space}
      name={space.Name}
      add={t("Add space")}
      remove={
        space.IsDefault
          ? undefined
          : [
              t("Delete space"),
              t(
                "All that is in it goes with it, for good: projects, releases, variables, targets. Its task queue must be stopped first.",
              ),
            ]
      }
      list={{ label: t("Spaces"), to: places.spaces }}
      place={(made) => places.space(made.Id)}
      may={{ edit: "SpaceEdit", add: "SpaceCreate", delete: "SpaceDelete" }}
      touches={["teams"]}
      why={why}
      also={async (_, answer) => {
        // Which spaces there are and what one may there belongs to the session.
        await cache.invalidateQueries({ queryKey: ["session"] });
        return answer;
      }}
      after={(made) => go(`/${made.Id}`)}
      actions={
        space.Id && (
          <ButtonLink variant="default" to={`/${space.Id}`}>
            {t("To its dashboard")}
          </ButtonLink>
        )
      }
    >
      {(fields) => (
        <>
          <Section title={t("Space")}>
            <div className={form.fields}>
              <NameFields {...fields} />
              {!fields.isNew && (
                <TextInput
                  label={t("Slug")}
                  disabled={fields.readOnly}
                  spellCheck={false}
                  value={fields.value.Slug}
                  onChange={(e) => fields.put({ Slug: e.currentTarget.value })}
                />
              )}
            </div>
          </Section>
          <Managers {...fields} />
          {!fields.isNew && (
            <Section title={t("Tasks")}>
              <Switch
                label={t("Stop the task queue")}
                description={t("What runs goes on; what waits or is added does not begin.")}
                disabled={fields.readOnly}
                checked={fields.value.TaskQueueStopped}
                onChange={(e) => fields.put({ TaskQueueStopped: e.currentTarget.checked })}
              />
            </Section>
          )}
        </>
      )}
    </DocumentForm>
  );
}

function Managers({ value, put, readOnly }: Fields<Space>) {
  const users = useGet("/api/users/all", {});
  const teams = useGet("/api/teams/all", {}, { query: { spaces: "all" } });
  // The team that the space has for its managers shows as those that are in it.
  const own = `teams-spacemanagers-${value.Id}`;
  const chosen = (value.SpaceManagersTeams ?? []).filter((id) => id !== own);
  return (
    <Section title={t("Managers")}>
      <div className={form.fields}>
        <p className="dim">{t("They may do everything in the space, and give others roles there.")}</p>
        <PickMany
          label={t("People")}
          disabled={readOnly}
          choices={(users.data ?? []).map((u) => ({ value: u.Id, label: u.DisplayName || u.Username }))}
          value={value.SpaceManagersTeamMembers}
          onChange={(SpaceManagersTeamMembers) => put({ SpaceManagersTeamMembers })}
        />
        <PickMany
          label={t("Teams")}
          disabled={readOnly}
          choices={choicesOf((teams.data ?? []).filter((team) => !team.SpaceId))}
          value={chosen}
          onChange={(ids) => put({ SpaceManagersTeams: value.SpaceManagersTeams?.includes(own) ? [own, ...ids] : ids })}
        />
      </div>
    </Section>
  );
}
