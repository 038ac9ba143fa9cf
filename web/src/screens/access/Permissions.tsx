import { Button, Select, Switch, TextInput } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { at } from "~/api/place";
import { useGet, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { type Permissions as Grants, useMay, useSession } from "~/app/session";
import { many, t } from "~/text/t";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { StatusChip } from "~/ui/StatusChip";
import { EmptyState, Read } from "~/ui/state";
import { offLook, okLook } from "~/ui/status";
import { Table } from "~/ui/Table";
import classes from "./access.module.css";
import { bySubject, type Permission, usePermissions } from "./permissions";
import { places } from "./places";
import { useScopeNames, Words } from "./ScopeWords";

type Restriction = {
  SpaceId: string;
  RestrictedToProjectIds: string[];
  RestrictedToProjectGroupIds: string[];
  RestrictedToEnvironmentIds: string[];
  RestrictedToTenantIds: string[];
};

const scopeOf = (g: Restriction) => ({
  ProjectIds: g.RestrictedToProjectIds,
  ProjectGroupIds: g.RestrictedToProjectGroupIds,
  EnvironmentIds: g.RestrictedToEnvironmentIds,
  TenantIds: g.RestrictedToTenantIds,
});

type Answer = Grants & { Teams: { Id: string; Name: string }[] | null };

// Permissions says what a user may do in a space, and what not.
export default function Permissions() {
  const { user: me, spaces } = useSession();
  const here = useSpaceId();
  const maySeeUsers = useMay("UserView");
  const [asked, setUser] = useQueryWord("user");
  const [inSpace, setSpace] = useQueryWord("space");
  const [words, setWords] = useQueryWord("filter");
  const [all, setAll] = useQueryWord("all");
  const id = asked || me.Id;
  const space = inSpace || here;
  const users = useGet("/api/users/all", {}, { enabled: maySeeUsers });
  const answer = useGet("/api/users/{id}/permissions", { id });
  const choices = (users.data ?? [me]).map((u) => ({ value: u.Id, label: u.DisplayName || u.Username }));
  return (
    <Page
      title={t("Who may do what")}
      actions={
        <Button
          component="a"
          variant="default"
          href={at(`/api/users/${id}/permissions/export?spaces=${space}`)}
          leftSection={<IconDownload size={15} aria-hidden />}
        >
          {t("CSV")}
        </Button>
      }
    >
      <div className={classes.choice}>
        <Select
          label={t("User")}
          w={240}
          searchable
          allowDeselect={false}
          disabled={!maySeeUsers}
          data={choices}
          value={id}
          onChange={(next) => setUser(next ?? undefined)}
        />
        <Select
          label={t("Space")}
          w={200}
          allowDeselect={false}
          data={spaces.map((s) => ({ value: s.Id, label: s.Name }))}
          value={space}
          onChange={(next) => setSpace(next ?? undefined)}
        />
        <TextInput
          type="search"
          label={t("Filter")}
          w={200}
          leftSection={<IconSearch size={15} />}
          value={words}
          onChange={(e) => setWords(e.currentTarget.value)}
        />
        <Switch
          mt={26}
          label={t("Show also what they may not")}
          checked={Boolean(all)}
          onChange={(e) => setAll(e.currentTarget.checked ? "yes" : undefined)}
        />
      </div>
      <Read of={answer}>
        {(given) => (
          <Matrix user={id} grants={given as unknown as Answer} space={space} words={words} all={Boolean(all)} />
        )}
      </Read>
    </Page>
  );
}

type MatrixProps = { user: string; grants: Answer; space: string; words: string; all: boolean };

function Matrix({ user, grants, space, words, all }: MatrixProps) {
  const inSpace = (p: Permission) =>
    ((grants.SpacePermissions?.[p.name] ?? []) as Restriction[]).filter((g) => g.SpaceId === space);
  const names = useScopeNames(
    space,
    (Object.values(grants.SpacePermissions ?? {}).flat() as Restriction[]).map(scopeOf),
  );
  const inSystem = (p: Permission) => grants.SystemPermissions?.includes(p.name) ?? false;
  const wanted = words.trim().toLowerCase();
  const known = usePermissions();
  const shown = known.filter(
    (p) => `${p.name} ${p.Description}`.toLowerCase().includes(wanted) && (all || inSystem(p) || inSpace(p).length > 0),
  );
  const may = known.filter((p) => inSystem(p) || inSpace(p).length > 0).length;
  const teams = grants.Teams ?? [];
  return (
    <>
      <p className="dim">
        {many(may, "{n} permission here, by", "{n} permissions here, by")}{" "}
        {teams.length === 0
          ? t("no team.")
          : teams.map((team, i) => (
              <span key={team.Id}>
                {i > 0 && ", "}
                <Link to={places.team(team.Id)} className={classes.team}>
                  {team.Name}
                </Link>
              </span>
            ))}
      </p>
      {shown.length === 0 ? (
        <EmptyState
          icon={IconSearch}
          title={words ? t("No permission matches this filter.") : t("They may do nothing here.")}
        />
      ) : (
        <Table label={t("Permissions")} head={[t("What"), t("May they?"), t("Where"), t("Permission")]}>
          {bySubject(shown).flatMap(({ permissions }) =>
            permissions.map((p) => (
              <Row
                key={p.name}
                permission={p}
                system={inSystem(p)}
                places={inSpace(p).map((g) => names(scopeOf(g)))}
                why={(may) => <Why user={user} space={space} permission={p.name} may={may} />}
              />
            )),
          )}
        </Table>
      )}
    </>
  );
}

type RowProps = { permission: Permission; system: boolean; places: string[][]; why: (may: boolean) => ReactNode };

function Row({ permission, system, places: all, why }: RowProps) {
  const may = system || all.length > 0;
  return (
    <tr>
      <th scope="row" className={may ? undefined : classes.no}>
        {permission.Description}
      </th>
      <td>
        <StatusChip look={may ? okLook(t("Yes")) : offLook(t("No"))} />
      </td>
      <td>
        {system && <span className="dim">{t("In the system")}</span>}
        {all.map((words) => (
          <Words key={words.join()} of={words} />
        ))}
        {why(may)}
      </td>
      <td className="dim">
        <code>{permission.name}</code>
      </td>
    </tr>
  );
}

type WhyProps = { user: string; space: string; permission: string; may: boolean };
type Explained = { Sentence: string; Reasons: { RoleName: string; TeamName: string }[] };

// Why says by which roles of which teams somebody may, or in the server's words
// why they may not.
function Why({ user, space, permission, may }: WhyProps) {
  const [asked, ask] = useState(false);
  const query = { permission, space };
  const answer = useGet("/api/users/{id}/permissions/explain", { id: user }, { query, enabled: asked });
  const said = answer.data as Explained | undefined;
  if (said) {
    const by = said.Reasons.map((r) => t("{role} of team {team}", { role: r.RoleName, team: r.TeamName }));
    return <div className={classes.why}>{may ? [...new Set(by)].join(", ") : said.Sentence}</div>;
  }
  return (
    <button
      type="button"
      className={classes.ask}
      aria-label={t("Why: {permission}", { permission })}
      disabled={answer.isFetching}
      onClick={() => ask(true)}
    >
      {t("Why?")}
    </button>
  );
}
