import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Shell } from "~/shell/Shell";
import { ErrorState, Loading } from "~/ui/state";
import { SessionContext, useSessionQuery } from "./session";

// Only those who are not signed in yet load its form.
const SignIn = lazy(() => import("./SignIn"));

const Register = lazy(() => import("./Register"));

// Root asks who is there first. Signing in happens at whatever address was
// asked for, which is then shown.
export function Root() {
  const session = useSessionQuery();
  const invited = useRouterState({ select: (s) => s.location.pathname.toLowerCase() === "/users/register" });
  if (session.isPending) return <Loading />;
  if (session.data === undefined) {
    return <ErrorState error={session.error} onRetry={() => void session.refetch()} />;
  }
  if (session.data === null) {
    return <Suspense fallback={<Loading />}>{invited ? <Register /> : <SignIn />}</Suspense>;
  }
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
