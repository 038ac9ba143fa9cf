import { Navigate } from "@tanstack/react-router";
import { t } from "~/text/t";
import { NoPermission } from "~/ui/state";
import { useSession } from "./session";

const lastSpaceKey = "tako.space";

export function rememberSpace(id: string) {
  try {
    localStorage.setItem(lastSpaceKey, id);
  } catch {
    // A browser that keeps nothing starts in the default space.
  }
}

// useHomeSpace is the space somebody was in last, else the default one.
export function useHomeSpace() {
  const { spaces } = useSession();
  let last: string | null = null;
  try {
    last = localStorage.getItem(lastSpaceKey);
  } catch {
    // as above
  }
  return spaces.find((s) => s.Id === last) ?? spaces.find((s) => s.IsDefault) ?? spaces[0];
}

export function Home() {
  const space = useHomeSpace();
  if (!space) return <NoPermission what={t("You are in no team that has a role in a space.")} />;
  return <Navigate to={`/${space.Id}`} replace />;
}
