import { Button, Select } from "@mantine/core";
import { IconBox, IconSearch } from "@tabler/icons-react";
import { useGet, useSpaceId } from "~/api/query";
import type { Project, ProjectGroup } from "~/api/wire";
import { useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { Filter } from "~/ui/Filter";
import { Link } from "~/ui/Link";
import { Page } from "~/ui/Page";
import { Section } from "~/ui/Section";
import { Star } from "~/ui/Star";
import { EmptyState, Read } from "~/ui/state";
import { AddGroup } from "./AddGroup";
import { AddProject } from "./AddProject";
import classes from "./ProjectList.module.css";

const contains = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

export default function ProjectList() {
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const groups = useGet("/api/{spaceId}/projectgroups/all", {});
  const [filter, setFilter] = useQueryWord("q");
  const [group, setGroup] = useQueryWord("projectGroupId");
  const [adding, setAdding] = useQueryWord("add");
  const mayAdd = useMay("ProjectCreate");
  const mayAddGroup = useMay("ProjectGroupCreate");
  const hasGroups = (groups.data?.length ?? 0) > 1;

  return (
    <Page
      title={t("Projects")}
      actions={
        <>
          <Filter label={t("Filter by name")} value={filter} onChange={setFilter} />
          {hasGroups && (
            <Select
              w={190}
              aria-label={t("Project group")}
              placeholder={t("All groups")}
              clearable
              searchable
              data={groups.data?.map((g) => ({ value: g.Id, label: g.Name }))}
              value={group || null}
              onChange={(value) => setGroup(value ?? undefined)}
            />
          )}
          {mayAddGroup && (
            <Button variant="default" onClick={() => setAdding("group", { push: true })}>
              {t("Add group…")}
            </Button>
          )}
          {mayAdd && <Button onClick={() => setAdding("project", { push: true })}>{t("Add project…")}</Button>}
        </>
      }
    >
      <Read of={projects}>
        {(all) => (
          <Groups
            groups={(groups.data ?? []).filter((g) => !group || g.Id === group)}
            projects={all}
            filter={filter}
            onAdd={mayAdd ? () => setAdding("project", { push: true }) : undefined}
            onClear={() => setFilter(undefined)}
          />
        )}
      </Read>
      <AddProject
        opened={adding === "project"}
        onClose={() => setAdding(undefined)}
        groups={groups.data ?? []}
        group={group}
      />
      <AddGroup opened={adding === "group"} onClose={() => setAdding(undefined)} />
    </Page>
  );
}

type GroupsProps = {
  groups: ProjectGroup[];
  projects: Project[];
  filter: string;
  onAdd?: () => void;
  onClear: () => void;
};

function Groups({ groups, projects, filter, onAdd, onClear }: GroupsProps) {
  if (projects.length === 0) {
    return (
      <EmptyState
        icon={IconBox}
        title={t("A project holds the process, variables and releases of one deployable thing.")}
      >
        {onAdd && <Button onClick={onAdd}>{t("Add project…")}</Button>}
      </EmptyState>
    );
  }
  const shown = groups
    .map((group) => ({
      group,
      members: projects.filter(
        (p) => p.ProjectGroupId === group.Id && (contains(p.Name, filter) || contains(group.Name, filter)),
      ),
    }))
    .filter(({ members }) => members.length > 0);
  if (shown.length === 0) {
    return (
      <EmptyState icon={IconSearch} title={t("No project matches these filters.")}>
        {filter && (
          <Button variant="default" onClick={onClear}>
            {t("Clear the filter")}
          </Button>
        )}
      </EmptyState>
    );
  }
  return shown.map(({ group, members }) => (
    <Section
      key={group.Id}
      title={group.Name}
      flush
      beside={<span className="dim">{many(members.length, "{n} project", "{n} projects")}</span>}
    >
      <ul className={classes.list}>
        {members.map((p) => (
          <ProjectRow key={p.Id} project={p} />
        ))}
      </ul>
    </Section>
  ));
}

function ProjectRow({ project }: { project: Project }) {
  const space = useSpaceId();
  return (
    <li className={classes.row}>
      <Link to={to.project(space, project.Slug)} className={classes.name}>
        {project.Name}
      </Link>
      <span className={`dim ellipsis ${classes.description}`}>{project.Description}</span>
      {project.IsDisabled && <span className={classes.flag}>{t("Disabled")}</span>}
      <Star project={project} />
    </li>
  );
}
