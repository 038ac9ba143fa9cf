import { type ReactNode, Suspense } from "react";
import { t } from "~/text/t";
import { Loading, NoPermission } from "~/ui/state";
import { useMay } from "./session";

// Screened shows a screen to those who may see it; others are told why not.
export function Screened({ needs, children }: { needs: string | undefined; children: ReactNode }) {
  const may = useMay(needs);
  if (!may) return <NoPermission what={t("This page takes the permission {needs}.", { needs: needs ?? "" })} />;
  return <Suspense fallback={<Loading />}>{children}</Suspense>;
}
