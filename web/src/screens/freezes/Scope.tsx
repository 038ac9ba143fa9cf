import { ActionIcon, Select } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useGet } from "~/api/query";
import { t } from "~/text/t";
import type { Fields } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Section } from "~/ui/Section";
import type { Freeze } from "./freezes";

// Scope are the projects that a freeze holds back, each from which
// environments: those of the space somebody came from, and others by their ids.
export function Scope({ value, put, readOnly }: Fields<Freeze>) {
  const projects = useGet("/api/{spaceId}/projects/all", {});
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const scope = (value.ProjectEnvironmentScope ?? {}) as Record<string, string[] | null>;
  const set = (next: Record<string, string[] | null>) => put({ ProjectEnvironmentScope: next as never });
  const without = (id: string) => Object.fromEntries(Object.entries(scope).filter(([key]) => key !== id));
  const nameOf = (id: string) => projects.data?.find((p) => p.Id === id)?.Name ?? id;
  const others = (projects.data ?? []).filter((p) => !(p.Id in scope));
  return (
    <Section title={t("What it holds back")}>
      <div className={form.fields}>
        {Object.entries(scope).map(([id, chosen]) => (
          <div key={id} className={form.row}>
            <PickMany
              label={t("{name} to", { name: nameOf(id) })}
              placeholder={t("No environment yet")}
              disabled={readOnly}
              choices={choicesOf(environments.data)}
              value={chosen}
              onChange={(ids) => set({ ...scope, [id]: ids })}
            />
            {!readOnly && (
              <ActionIcon aria-label={t("Take out {name}", { name: nameOf(id) })} onClick={() => set(without(id))}>
                <IconTrash size={15} />
              </ActionIcon>
            )}
          </div>
        ))}
        {!readOnly && (
          <Select
            label={t("Add a project")}
            placeholder={t("Choose a project")}
            searchable
            data={choicesOf(others)}
            value={null}
            onChange={(id) => id && set({ ...scope, [id]: (environments.data ?? []).map((e) => e.Id) })}
          />
        )}
      </div>
    </Section>
  );
}
