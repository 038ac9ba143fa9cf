import { ActionIcon } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useRef, useState } from "react";
import { getOptions, useSpaceId } from "~/api/query";
import { useGo, useParam } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { failed } from "~/ui/notify";
import { commandKey, useKeys } from "./keys";
import classes from "./Shell.module.css";

// Loaded when they are first asked for.
const Palette = lazy(() => import("./Palette"));
const Keyboard = lazy(() => import("./Keyboard"));

// None of the letters that the log has: g l would copy a link on the way.
const jumps: Record<string, (space: string) => string> = {
  d: to.dashboard,
  p: to.projects,
  i: to.infrastructure,
  t: to.tasks,
  a: to.audit,
};

// useDeploy leads to deploying the release that is shown, or the newest one.
function useDeploy(): (() => void) | undefined {
  const spaceId = useSpaceId();
  const project = useParam("project");
  const version = useParam("version");
  const may = useMay("DeploymentCreate");
  const cache = useQueryClient();
  const go = useGo();
  if (!project || !may) return undefined;
  if (version) return () => go(to.deploy(spaceId, project, version));
  const newest = getOptions("/api/{spaceId}/projects/{id}/releases", { spaceId, id: project }, { query: { take: 1 } });
  return () =>
    void cache.fetchQuery(newest).then(({ Items: [first] }) => {
      if (first) go(to.deploy(spaceId, project, first.Version));
    }, failed);
}

function toFilter() {
  const field = document.querySelector<HTMLInputElement>("main :is(input[type=search], input[data-filter])");
  field?.focus();
  field?.select();
}

// Command is the search of the top bar, and the keys that work everywhere.
export function Command() {
  const space = useSpaceId();
  const project = useParam("project");
  const go = useGo();
  const [open, setOpen] = useState<"palette" | "keys" | "">("");
  // They stay loaded, so that they fade and keep nothing back.
  const [loaded, setLoaded] = useState<string[]>([]);
  // The focus goes back to where it was: what is loaded later cannot know.
  const from = useRef<HTMLElement | null>(null);
  const show = (what: "palette" | "keys") => {
    if (!open) from.current = document.activeElement as HTMLElement | null;
    setLoaded((before) => (before.includes(what) ? before : [...before, what]));
    setOpen(what);
  };
  const close = () => {
    setOpen("");
    // At once, not when all has faded: a page that is gone to takes it from there.
    (document.activeElement as HTMLElement | null)?.blur();
    from.current?.focus({ preventScroll: true });
  };
  const deploy = useDeploy();
  const mayRelease = useMay("ReleaseCreate");
  useKeys((meaning) => {
    if (meaning === "palette") return () => (open === "palette" ? close() : show("palette"));
    if (open) return undefined;
    const jump = meaning.startsWith("g ") && jumps[meaning.slice(2)];
    if (jump) return () => go(jump(space));
    switch (meaning) {
      case "?":
        return () => show("keys");
      case "/":
        return toFilter;
      case "c":
        return project && mayRelease ? () => go(to.newRelease(space, project)) : undefined;
      case "D":
        return deploy;
    }
  });
  return (
    <>
      <button
        type="button"
        className={classes.search}
        onClick={() => show("palette")}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <IconSearch size={15} aria-hidden />
        <span className={classes.searchWord}>{t("Search")}</span>
        <kbd aria-hidden>{commandKey} K</kbd>
      </button>
      <ActionIcon className={classes.keys} title={t("Keys")} aria-label={t("Keys")} onClick={() => show("keys")}>
        <span aria-hidden>?</span>
      </ActionIcon>
      <Suspense>
        {loaded.includes("palette") && (
          <Palette opened={open === "palette"} onClose={close} onHelp={() => show("keys")} />
        )}
        {loaded.includes("keys") && <Keyboard opened={open === "keys"} onClose={close} />}
      </Suspense>
    </>
  );
}
