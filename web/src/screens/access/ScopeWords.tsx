import { useGet } from "~/api/query";
import { t } from "~/text/t";
import { Names } from "../infrastructure/Names";

type Scope = {
  ProjectIds?: string[] | null;
  ProjectGroupIds?: string[] | null;
  EnvironmentIds?: string[] | null;
  TenantIds?: string[] | null;
};

// useScopeNames gives the names of what roles in a space are limited to; it
// reads only the kinds of things that are named.
export function useScopeNames(space: string | null | undefined, all: Scope[]): (of: Scope) => string[] {
  const at = { spaceId: space ?? "" };
  const asked = (member: keyof Scope) => ({ enabled: Boolean(space) && all.some((s) => s[member]?.length) });
  const projects = useGet("/api/{spaceId}/projects/all", at, asked("ProjectIds"));
  const groups = useGet("/api/{spaceId}/projectgroups/all", at, asked("ProjectGroupIds"));
  const environments = useGet("/api/{spaceId}/environments/all", at, asked("EnvironmentIds"));
  const tenants = useGet("/api/{spaceId}/tenants/all", at, asked("TenantIds"));
  return (of) => [
    ...named(of.ProjectGroupIds, groups.data),
    ...named(of.ProjectIds, projects.data),
    ...named(of.EnvironmentIds, environments.data),
    ...named(of.TenantIds, tenants.data),
  ];
}

type Item = { Id: string; Name: string };

const named = (ids: string[] | null | undefined, items: Item[] | null | undefined) =>
  (ids ?? []).map((id) => items?.find((i) => i.Id === id)?.Name ?? id);

// Words shows to what something is limited.
export function Words({ of }: { of: string[] }) {
  if (of.length === 0) return <span className="dim">{t("Everything")}</span>;
  return <Names of={of} />;
}

// ScopeWords names what one role is limited to.
export function ScopeWords({ of, space }: { of: Scope; space: string | null | undefined }) {
  const words = useScopeNames(space, [of]);
  return <Words of={words(of)} />;
}
