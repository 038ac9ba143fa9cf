import { Navigate } from "@tanstack/react-router";
import { useGet, useSpaceId } from "~/api/query";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Read } from "~/ui/state";

// FindRelease leads from a release's id, as the command line prints it, to its
// page.
export default function FindRelease() {
  const space = useSpaceId();
  const release = useGet("/api/{spaceId}/releases/{id}", { id: useParam("release") });
  return (
    <Read of={release} page={t("Release")}>
      {({ ProjectId, Version }) => <Navigate to={to.release(space, ProjectId, Version)} replace />}
    </Read>
  );
}
