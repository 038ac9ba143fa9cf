import { Alert, Button } from "@mantine/core";
import { useGet, useSend } from "~/api/query";
import type { Release } from "~/api/wire";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { failed } from "~/ui/notify";

// Defects says what keeps a release from going further.
export function Defects({ release }: { release: Release }) {
  const defects = useGet("/api/{spaceId}/releases/{id}/defects", { id: release.Id });
  const mayResolve = useMay("DefectResolve", { project: release.ProjectId });
  const resolve = useSend("post", "/api/{spaceId}/releases/{id}/defects/resolve", { touches: ["progression"] });
  const open = (defects.data?.Items ?? []).filter((d) => d.Status === "Unresolved");
  return open.map((d) => (
    <Alert key={d.Id} color="bad" title={t("This release goes no further")}>
      {t("{who} has said: {what}", { who: d.ReportedBy, what: d.Description })}{" "}
      {mayResolve && (
        <Button
          variant="default"
          h={28}
          ml={8}
          loading={resolve.isPending}
          onClick={() => resolve.mutate({ params: { id: release.Id } }, { onError: failed })}
        >
          {t("Let it go on")}
        </Button>
      )}
    </Alert>
  ));
}
