import { Menu, TextInput } from "@mantine/core";
import { IconCheck, IconChevronDown, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useSpaceId } from "~/api/query";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import classes from "./Shell.module.css";

const manySpaces = 8;

export function SpaceSwitcher() {
  const { spaces } = useSession();
  const current = useSpaceId();
  const [filter, setFilter] = useState("");
  const name = spaces.find((s) => s.Id === current)?.Name ?? t("No space");
  const shown = spaces.filter((s) => s.Name.toLowerCase().includes(filter.toLowerCase()));
  return (
    <Menu position="bottom-start" onClose={() => setFilter("")}>
      <Menu.Target>
        <button type="button" className={classes.switcher} aria-label={t("Space {name}", { name })}>
          <span className="ellipsis">{name}</span>
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown miw={220}>
        <Menu.Label>{t("Spaces")}</Menu.Label>
        {spaces.length > manySpaces && (
          <TextInput
            placeholder={t("Find a space")}
            aria-label={t("Find a space")}
            leftSection={<IconSearch size={14} />}
            mb={4}
            value={filter}
            onChange={(e) => setFilter(e.currentTarget.value)}
          />
        )}
        {shown.map((s) => (
          <Menu.Item
            key={s.Id}
            component={Link}
            to={`/${s.Id}`}
            aria-current={s.Id === current || undefined}
            rightSection={s.Id === current ? <IconCheck size={14} /> : undefined}
          >
            {s.Name}
          </Menu.Item>
        ))}
        {shown.length === 0 && <Menu.Label>{t("No space has this name.")}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
