import { ActionIcon } from "@mantine/core";
import { IconStar, IconStarFilled } from "@tabler/icons-react";
import { useSpaceId } from "~/api/query";
import { useKept } from "~/app/kept";
import { t } from "~/text/t";

// useStarred gives the projects of the space that somebody has starred, in the
// order in which they did.
export function useStarred() {
  const [ids, set] = useKept<string>(`starred.${useSpaceId()}`);
  const toggle = (id: string) => set(ids.includes(id) ? ids.filter((x) => x !== id) : [...ids, id]);
  return { ids, toggle };
}

// Star marks a project, which then stands in the menu.
export function Star({ project }: { project: { Id: string; Name: string } }) {
  const { ids, toggle } = useStarred();
  const on = ids.includes(project.Id);
  return (
    <ActionIcon
      variant="subtle"
      color={on ? "accent" : "gray"}
      aria-pressed={on}
      aria-label={t("Star {name}", { name: project.Name })}
      title={on ? t("Take it out of the menu") : t("Keep it in the menu")}
      onClick={() => toggle(project.Id)}
    >
      {on ? <IconStarFilled size={16} /> : <IconStar size={16} stroke={1.7} />}
    </ActionIcon>
  );
}
