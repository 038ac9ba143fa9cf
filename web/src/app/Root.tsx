import { Outlet } from "@tanstack/react-router";
import { Suspense } from "react";
import { Shell } from "~/shell/Shell";
import { ErrorState, Loading } from "~/ui/state";
import { SignIn } from "./SignIn";
import { SessionContext, useSessionQuery } from "./session";

// Root asks who is there first. Signing in happens at whatever address was
// asked for, which is then shown.
export function Root() {
  const session = useSessionQuery();
  if (session.isPending) return <Loading />;
  if (session.data === undefined) {
    return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  }
  if (session.data === null) return <SignIn />;
  return (
    <SessionContext value={session.data}>
      <Shell>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </Shell>
    </SessionContext>
  );
}
