import { useSend, useSpaceId } from "~/api/query";
import { useGo } from "~/app/navigation";
import { to } from "~/app/to";
import { failed } from "~/ui/notify";

// useCheckHealth starts a health check of some machines or of all, and leads to
// its task.
export function useCheckHealth() {
  const space = useSpaceId();
  const go = useGo();
  const { mutate, isPending } = useSend("post", "/api/{spaceId}/tasks", {
    onDone: (task) => go(to.task(space, task.Id)),
  });
  const start = (Description: string, Arguments: Record<string, unknown>) =>
    mutate({ body: { Name: "Health", Description, SpaceId: space, Arguments } as never }, { onError: failed });
  return {
    isPending,
    all: () => start("Check the health of all deployment targets", { RestrictedTo: "Machines" }),
    target: (id: string, name: string) => start(`Check the health of ${name}`, { MachineIds: [id] }),
    worker: (id: string, name: string) =>
      start(`Check the health of ${name}`, { MachineIds: [id], RestrictedTo: "Workers" }),
  };
}
