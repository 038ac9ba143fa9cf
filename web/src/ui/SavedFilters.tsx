import { ActionIcon, Menu, Modal } from "@mantine/core";
import { IconBookmark, IconX } from "@tabler/icons-react";
import { useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { useKept } from "~/app/kept";
import { t } from "~/text/t";
import { queryOf, type Saved, withFilter } from "./filters";
import { AddForm } from "./form/DialogForm";
import { Link } from "./Link";

const here = { isPending: false, error: null };

// SavedFilters keeps what a list is filtered by under a name, to come back to
// it. of names the list; in another space or project it has the same filters.
export function SavedFilters({ of }: { of: string }) {
  const [saved, set] = useKept<Saved>(`filters.${of}`);
  const [naming, setNaming] = useState(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const now = useRouterState({ select: (s) => queryOf(s.location.search) });
  if (!now && saved.length === 0) return null;
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("Saved filters")} title={t("Saved filters")}>
            <IconBookmark size={17} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {saved.map((filter) => (
            <Menu.Item
              key={filter.name}
              fw={filter.query === now ? 600 : undefined}
              aria-current={filter.query === now || undefined}
              component={Link}
              to={`${path}?${filter.query}`}
            >
              {filter.name}
            </Menu.Item>
          ))}
          {saved.length > 0 && <Menu.Divider />}
          {now && <Menu.Item onClick={() => setNaming(true)}>{t("Save these filters…")}</Menu.Item>}
          {saved.map((filter) => (
            <Menu.Item
              key={filter.name}
              leftSection={<IconX size={14} />}
              onClick={() => set(saved.filter((f) => f !== filter))}
            >
              {t("Forget {name}", { name: filter.name })}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={naming} onClose={() => setNaming(false)} title={t("Save these filters")} size={460}>
        <AddForm
          of={here}
          action={t("Save")}
          brief
          field={{ description: t("This browser keeps them, for you alone.") }}
          onAdd={({ Name }) => {
            set(withFilter(saved, { name: Name.trim(), query: now }));
            setNaming(false);
          }}
          onClose={() => setNaming(false)}
        />
      </Modal>
    </>
  );
}
