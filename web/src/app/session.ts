// Who is signed in, what they may do and which spaces they see.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect } from "react";
import { belongTo, request, whenSignedOut } from "~/api/client";
import { ApiError } from "~/api/error";
import { useSpaceId } from "~/api/query";
import { readFrom } from "~/api/stream/connection";
import type { Space, User } from "~/api/wire";

type Grant = {
  SpaceId?: string | null;
  RestrictedToProjectIds?: string[] | null;
  RestrictedToEnvironmentIds?: string[] | null;
  RestrictedToTenantIds?: string[] | null;
};

export type Permissions = {
  SpacePermissions?: Record<string, Grant[]> | null;
  SystemPermissions?: string[] | null;
};

export type Session = { user: User; spaces: Space[]; permissions: Permissions; version: string };

const sessionKey = ["session"] as const;

async function readSession(): Promise<Session | null> {
  const server = await request("get", "/api");
  belongTo(server.InstallationId);
  try {
    const params = { id: "me" };
    const [position, user, permissions, spaces] = await Promise.all([
      request("get", "/api/ui/position").catch(() => undefined), // without it, all is read again when the stream begins
      request("get", "/api/users/me"),
      request("get", "/api/users/{id}/permissions", { params }) as Promise<unknown>,
      request("get", "/api/users/{id}/spaces", { params }) as Promise<unknown>,
    ]);
    readFrom(position?.At);
    return { user, permissions: permissions as Permissions, spaces: spaces as Space[], version: server.Version };
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 401) return null;
    throw thrown;
  }
}

// useSessionQuery gives the session, null when nobody is signed in.
export function useSessionQuery() {
  const cache = useQueryClient();
  useEffect(
    () =>
      whenSignedOut(() => {
        if (cache.getQueryData(sessionKey)) cache.setQueryData(sessionKey, null);
      }),
    [cache],
  );
  return useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: 60_000, refetchInterval: false });
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("there is no session outside of the shell");
  return session;
}

export function useSignOut() {
  const cache = useQueryClient();
  return async () => {
    await request("post", "/api/users/logout", { body: {} });
    cache.setQueryData(sessionKey, null);
    cache.removeQueries({ predicate: ({ queryKey: [first] }) => first !== sessionKey[0] });
  };
}

export function useSignIn() {
  const cache = useQueryClient();
  return async (username: string, password: string, remember: boolean) => {
    await request("post", "/api/users/login", {
      body: { Username: username, Password: password, RememberMe: remember },
    });
    await cache.invalidateQueries({ queryKey: sessionKey });
  };
}

export type Scope = { project?: string; environment?: string; tenant?: string };

const within = (restricted: string[] | null | undefined, id: string | undefined) =>
  !restricted?.length || id === undefined || restricted.includes(id);

// allows reports whether permissions hold somewhere that a scope leaves open.
export function allows(p: Permissions, permission: string, space: string, scope: Scope = {}): boolean {
  if (p.SystemPermissions?.includes(permission)) return true;
  return (p.SpacePermissions?.[permission] ?? []).some(
    (g) =>
      (!g.SpaceId || g.SpaceId === space) &&
      within(g.RestrictedToProjectIds, scope.project) &&
      within(g.RestrictedToEnvironmentIds, scope.environment) &&
      within(g.RestrictedToTenantIds, scope.tenant),
  );
}

// useMay reports whether the signed-in person has a permission here.
export function useMay(permission: string | undefined, scope: Scope = {}): boolean {
  const { permissions } = useSession();
  const space = useSpaceId();
  return permission === undefined || allows(permissions, permission, space, scope);
}
