import { Button } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useSend } from "~/api/query";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import { done, failed } from "~/ui/notify";
import { type Settings, why } from "./settings";

// Try asks the server to reach a repository as the form has it, saved or not.
export function Try({ project, settings }: { project: Project; settings: Settings }) {
  const test = useSend("post", "/api/{spaceId}/projects/{id}/git/connectivity-test");
  const run = () =>
    test.mutate(
      { params: { id: project.Id }, body: settings },
      {
        onError: failed,
        onSuccess: ({ Messages }) => {
          const wrong = (Messages ?? []).filter((m) => m.Category === "Error");
          if (wrong.length > 0) failed(new Error(wrong.map((m) => m.Message).join(" ")));
          else done((Messages ?? []).map((m) => m.Message).join(" "));
        },
      },
    );
  return (
    <Button
      variant="default"
      leftSection={<IconPlugConnected size={15} />}
      loading={test.isPending}
      disabled={Boolean(why(settings))}
      onClick={run}
    >
      {t("Try")}
    </Button>
  );
}
