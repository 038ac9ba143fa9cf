// What the palette leads to: pages and actions of where somebody is, and what
// the server finds by its name.
import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useState } from "react";
import { type GetOptions, useGet, useSpaceId } from "~/api/query";
import { projectEntries, spaceEntries, systemEntries } from "~/app/areas";
import { useGo, useParam } from "~/app/navigation";
import { allows, useSession, useSignOut } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { failed } from "~/ui/notify";

export type Place = { key: string; label: string; kind: string; act: () => void; to?: string };

const contains = (text: string, words: string[]) => words.every((w) => text.toLowerCase().includes(w));

// useLate follows a value once it has not changed for a moment.
function useLate(value: string): string {
  const [late, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), 150);
    return () => clearTimeout(timer);
  }, [value]);
  return late;
}

// usePages are the pages of the menus that somebody may see.
function usePages(): Place[] {
  const space = useSpaceId();
  const project = useParam("project");
  const { permissions } = useSession();
  const go = useGo();
  const pages = (entries: typeof spaceEntries, root: string, kind: string) =>
    entries
      .filter((e) => !e.needs || allows(permissions, e.needs, space))
      .map((e) => {
        const at = e.path.startsWith("/") ? e.path : `${root}${e.path ? `/${e.path}` : ""}`;
        return { key: at, label: t(e.label), kind, to: at, act: () => go(at) };
      });
  const all = [
    ...(project ? pages(projectEntries, `/${space}/projects/${project}`, t("Page of {project}", { project })) : []),
    ...pages(spaceEntries, `/${space}`, t("Page")),
    ...pages(systemEntries, "", t("Page")),
  ];
  // What stands in two menus is one page to whoever looks for it.
  const known = new Map<string, Place>();
  for (const page of all) if (!known.has(`${page.kind} ${page.label}`)) known.set(`${page.kind} ${page.label}`, page);
  return [...known.values()];
}

// useActions are what can be done from here.
function useActions(onHelp: () => void): Place[] {
  const space = useSpaceId();
  const project = useParam("project");
  const version = useParam("version");
  const { permissions } = useSession();
  const { setColorScheme } = useMantineColorScheme();
  const go = useGo();
  const signOut = useSignOut();
  const may = (permission: string) => allows(permissions, permission, space);
  const kind = t("Action");
  const lead = (label: string, at: string) => ({ key: label, label, kind, to: at, act: () => go(at) });
  const plain = (label: string, act: () => void) => ({ key: label, label, kind, act });
  return [
    ...(project && version && may("DeploymentCreate")
      ? [lead(t("Deploy {version}…", { version }), to.deploy(space, project, version))]
      : []),
    ...(project && may("ReleaseCreate") ? [lead(t("Create release…"), to.newRelease(space, project))] : []),
    ...(may("ProjectCreate") ? [lead(t("Add project…"), `${to.projects(space)}?add=project`)] : []),
    ...(may("MachineCreate") ? [lead(t("Add target…"), `/${space}/infrastructure/machines/new`)] : []),
    ...(may("TenantCreate") ? [lead(t("Add tenant…"), `${to.tenants(space)}?add=tenant`)] : []),
    plain(t("Show in light colors"), () => setColorScheme("light")),
    plain(t("Show in dark colors"), () => setColorScheme("dark")),
    plain(t("Show the keys"), onHelp),
    plain(t("Sign out"), () => void signOut().catch(failed)),
  ];
}

type Named = { Id: string; Name: string; Slug?: string };

// useFound is what the server finds: projects, releases, targets, tenants and
// runbooks whose name has the text.
function useFound(text: string): { places: Place[]; busy: boolean } {
  const space = useSpaceId();
  const go = useGo();
  const { permissions } = useSession();
  const word = useLate(text);
  const ask = (permission: string): GetOptions => ({
    query: { partialName: word, take: 6 },
    enabled: word !== "" && allows(permissions, permission, space),
    staleTime: 10_000,
  });
  const projects = useGet("/api/{spaceId}/projects", {}, ask("ProjectView"));
  const releases = useGet("/api/{spaceId}/releases", {}, ask("ReleaseView"));
  const tenants = useGet("/api/{spaceId}/tenants", {}, ask("TenantView"));
  const machines = useGet("/api/{spaceId}/machines", {}, ask("MachineView"));
  const runbooks = useGet("/api/{spaceId}/runbooks", {}, ask("RunbookView"));
  const all = [projects, releases, tenants, machines, runbooks];
  const owners = [...(releases.data?.Items ?? []), ...(runbooks.data?.Items ?? [])].map((d) => d.ProjectId);
  const ids = [...new Set(owners)].sort().join(",");
  const named = useGet("/api/{spaceId}/projects/all", {}, { query: { ids }, enabled: ids !== "" });
  const project = (id: string) => named.data?.find((p) => p.Id === id);
  const place = (d: Named, kind: string, at: string, label = d.Name): Place => ({
    ...{ key: d.Id, label, kind, to: at, act: () => go(at) },
  });
  const of = (id: string) => project(id)?.Name ?? "";
  const slug = (id: string) => project(id)?.Slug ?? id;
  return {
    busy: word !== text || all.some((q) => q.isFetching),
    places: word
      ? [
          ...(projects.data?.Items ?? []).map((p) => place(p, t("Project"), to.project(space, p.Slug))),
          ...(releases.data?.Items ?? []).map((r) => ({
            ...place(
              { Id: r.Id, Name: r.Version },
              t("Release of {name}", { name: of(r.ProjectId) }),
              to.release(space, slug(r.ProjectId), r.Version),
            ),
          })),
          ...(tenants.data?.Items ?? []).map((x) => place(x, t("Tenant"), to.tenant(space, x.Id))),
          ...(machines.data?.Items ?? []).map((m) => place(m, t("Target"), to.machine(space, m.Id))),
          ...(runbooks.data?.Items ?? []).map((r) =>
            place(r, t("Runbook of {name}", { name: of(r.ProjectId) }), to.runbook(space, slug(r.ProjectId), r.Slug)),
          ),
        ]
      : [],
  };
}

// usePlaces gives what fits a text, the nearest first.
export function usePlaces(text: string, onHelp: () => void): { places: Place[]; busy: boolean } {
  const pages = usePages();
  const actions = useActions(onHelp);
  const found = useFound(text.trim());
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const own = [...actions, ...pages].filter((p) => contains(p.label, words));
  if (words.length === 0) return { places: [...pages, ...actions], busy: false };
  // What begins with the text is likelier meant than what has it somewhere.
  const begins = (p: Place) => (p.label.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1);
  return {
    places: [...own.sort((a, b) => begins(a) - begins(b)).slice(0, 6), ...found.places],
    busy: found.busy,
  };
}
