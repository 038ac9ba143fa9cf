import { ActionIcon, Button, Menu, Textarea } from "@mantine/core";
import { IconDots, IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { at } from "~/api/place";
import { useSend, useSpaceId } from "~/api/query";
import type { Task } from "~/api/wire";
import { useGo } from "~/app/navigation";
import { useMay } from "~/app/session";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { ButtonLink, Link } from "~/ui/Link";
import { done, failed } from "~/ui/notify";
import type { About } from "./TaskScreen";

export function TaskActions({ task, about }: { task: Task; about: About }) {
  const space = useSpaceId();
  const go = useGo();
  const scope = { project: task.ProjectId, environment: task.EnvironmentId };
  const mayCancel = useMay("TaskCancel", scope);
  const mayEdit = useMay("TaskEdit", scope);
  const mayPrioritize = useMay("TaskPrioritize", scope);
  const mayDeploy = useMay("DeploymentCreate", scope);
  const mayCreate = useMay("TaskCreate", scope);
  const mayAudit = useMay("EventView") && Boolean(task.SpaceId);
  const [asks, setAsks] = useState<"" | "cancel" | "abandon" | "rerun" | "state">("");
  const [reason, setReason] = useState("");
  const params = { id: task.Id };
  const cancel = useSend("post", "/api/tasks/{id}/cancel");
  const abandon = useSend("post", "/api/tasks/{id}/abandon");
  const rerun = useSend("post", "/api/tasks/rerun/{id}", {
    onDone: (made) => go(to.task(made.SpaceId ?? space, made.Id)),
  });
  const prioritize = useSend("post", "/api/tasks/{id}/prioritize", {
    onDone: () => done(t("The task is at the top of the queue.")),
  });
  const state = useSend("post", "/api/tasks/{id}/state");
  const { project, release, deployment } = about;
  const isDeployment = Boolean(deployment);
  const mayRerun = task.CanRerun && (isDeployment ? mayDeploy : mayCreate);
  const opposite = task.State === "Success" ? "Failed" : "Success";

  return (
    <>
      <Button
        component="a"
        variant="default"
        href={at(`/api/tasks/${task.Id}/raw`)}
        target="_blank"
        leftSection={<IconDownload size={15} />}
      >
        {t("Raw log")}
      </Button>
      {mayRerun && (
        <Button variant="default" onClick={() => setAsks("rerun")}>
          {isDeployment ? t("Try again…") : t("Run again…")}
        </Button>
      )}
      {mayCreate && task.Name === "AdHocScript" && (
        <ButtonLink variant="default" to={`${to.console(task.SpaceId ?? space)}?from=${task.Id}`}>
          {t("Change and run again…")}
        </ButtonLink>
      )}
      {mayDeploy && task.IsCompleted && project && release && (
        <ButtonLink variant="default" to={to.deploy(space, project.Slug, release.Version)}>
          {t("Deploy elsewhere…")}
        </ButtonLink>
      )}
      {mayCancel && !task.IsCompleted && task.State !== "Cancelling" && (
        <Button variant="outline" color="bad" onClick={() => setAsks("cancel")}>
          {t("Cancel…")}
        </Button>
      )}
      {mayCancel && task.State === "Cancelling" && (
        <Button variant="outline" color="bad" onClick={() => setAsks("abandon")}>
          {t("Give it up…")}
        </Button>
      )}
      {((mayPrioritize && task.State === "Queued") || (mayEdit && task.IsCompleted) || mayAudit) && (
        <Menu>
          <Menu.Target>
            <ActionIcon aria-label={t("More actions")}>
              <IconDots size={17} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayPrioritize && task.State === "Queued" && (
              <Menu.Item onClick={() => prioritize.mutate({ params }, { onError: failed })}>
                {t("Move to the top of the queue")}
              </Menu.Item>
            )}
            {mayEdit && task.IsCompleted && (
              <Menu.Item onClick={() => setAsks("state")}>
                {opposite === "Success" ? t("Mark as succeeded…") : t("Mark as failed…")}
              </Menu.Item>
            )}
            {mayAudit && (
              <Menu.Item component={Link} to={`${to.audit(task.SpaceId ?? space)}?regardingAny=${task.Id}`}>
                {t("Who did what to it")}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <Confirm
        opened={asks === "cancel"}
        onClose={() => setAsks("")}
        title={t("Cancel this task?")}
        action={t("Cancel the task")}
        grave
        onConfirm={() =>
          cancel
            .mutateAsync({ params })
            .catch(failed)
            .finally(() => setAsks(""))
        }
      >
        {t("{what} stops where it is. What it has done so far stays done.", { what: task.Description })}
      </Confirm>
      <Confirm
        opened={asks === "abandon"}
        onClose={() => setAsks("")}
        title={t("Give this task up?")}
        action={t("Give it up")}
        grave
        onConfirm={() =>
          abandon
            .mutateAsync({ params })
            .catch(failed)
            .finally(() => setAsks(""))
        }
      >
        {t(
          "It is being canceled but does not stop. Given up, it counts as canceled, whatever may still be running on its machines.",
        )}
      </Confirm>
      <Confirm
        opened={asks === "state"}
        onClose={() => setAsks("")}
        title={opposite === "Success" ? t("Mark this task as succeeded?") : t("Mark this task as failed?")}
        action={opposite === "Success" ? t("Mark as succeeded") : t("Mark as failed")}
        onConfirm={() =>
          state
            .mutateAsync({ params, body: { State: opposite, Reason: reason } })
            .then(() => setAsks(""))
            .catch(failed)
        }
      >
        <Textarea
          label={t("Reason")}
          description={t("It is kept in the audit trail.")}
          required
          autosize
          minRows={2}
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
        />
      </Confirm>
      <Confirm
        opened={asks === "rerun"}
        onClose={() => setAsks("")}
        title={t("Do this again?")}
        action={t("Do it again")}
        onConfirm={() =>
          rerun
            .mutateAsync({ params })
            .catch(failed)
            .finally(() => setAsks(""))
        }
      >
        {isDeployment
          ? t("{what} is done anew, with the same choices, as a deployment of its own.", { what: task.Description })
          : t("{what} is run anew, as a task of its own.", { what: task.Description })}
      </Confirm>
    </>
  );
}
