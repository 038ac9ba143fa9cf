import { useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useLiveCache, useMayBegin } from "~/api/live";
import { SpaceContext } from "~/api/query";
import { enterSpace } from "~/api/stream/connection";
import { rememberSpace, useHomeSpace } from "~/app/Home";
import { NotFound } from "~/app/NotFound";
import { useGo, useParam } from "~/app/navigation";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Banner } from "./Banner";
import { Rail } from "./Rail";
import classes from "./Shell.module.css";
import { TopBar } from "./TopBar";

// Only small screens need it.
const MenuDrawer = lazy(() => import("./MenuDrawer"));

// useSpaceOfAddress is the space that the address names by id or slug, or the
// one somebody was in last where it names none.
function useSpaceOfAddress() {
  const { spaces } = useSession();
  const home = useHomeSpace();
  const named = useParam("space");
  const go = useGo();
  const address = useRouterState({ select: (s) => s.location.href });
  const key = named.toLowerCase();
  const found = named ? spaces.find((s) => s.Id.toLowerCase() === key || s.Slug.toLowerCase() === key) : home;
  const canonical = found && named && found.Id !== named ? address.replace(`/${named}`, `/${found.Id}`) : "";
  useEffect(() => {
    if (canonical) go(canonical, { replace: true });
  }, [canonical, go]);
  useEffect(() => {
    if (found && named) rememberSpace(found.Id);
  }, [found, named]);
  return { space: found, unknown: named && !found ? named : "" };
}

function Live() {
  useLiveCache();
  return null;
}

// Shell keeps what is shown up to date; nothing is read before that has begun.
export function Shell({ children }: { children: ReactNode }) {
  const { space, unknown } = useSpaceOfAddress();
  const spaceId = space?.Id ?? "";
  useEffect(() => enterSpace(spaceId), [spaceId]);
  useEffect(() => () => enterSpace(undefined), []);
  const mayBegin = useMayBegin();
  return (
    <SpaceContext value={spaceId}>
      <Live key={spaceId} />
      {mayBegin && (
        <Frame>
          {unknown ? (
            <NotFound what={t("There is no space {name}, or you may not see it.", { name: unknown })} />
          ) : (
            children
          )}
        </Frame>
      )}
    </SpaceContext>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const [drawer, setDrawer] = useState(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: going elsewhere closes the menu
  useEffect(() => setDrawer(false), [path]);
  return (
    <>
      <button type="button" className={classes.skip} onClick={() => document.getElementById("main")?.focus()}>
        {t("Skip to the content")}
      </button>
      <TopBar onMenu={() => setDrawer(true)} />
      <div className={classes.body}>
        <aside className={classes.rail}>
          <Rail />
        </aside>
        {drawer && (
          <Suspense>
            <MenuDrawer onClose={() => setDrawer(false)} />
          </Suspense>
        )}
        <main id="main" className={classes.main} tabIndex={-1}>
          <Banner />
          {children}
        </main>
      </div>
    </>
  );
}
