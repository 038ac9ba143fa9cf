import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLogout, IconMenu2, IconMoon, IconSun, IconUser } from "@tabler/icons-react";
import { useSpaceId } from "~/api/query";
import { useSession, useSignOut } from "~/app/session";
import { t } from "~/text/t";
import { Link } from "~/ui/Link";
import { failed } from "~/ui/notify";
import { Command } from "./Command";
import { Logo } from "./Logo";
import classes from "./Shell.module.css";
import { SpaceSwitcher } from "./SpaceSwitcher";
import { Watch } from "./Watch";

const schemes = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
] as const;

function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = schemes.find((s) => s.value === colorScheme)?.icon ?? IconSun;
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("Theme")}>
          <Current size={17} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, label, icon: Picture }) => (
          <Menu.Item
            key={value}
            leftSection={<Picture size={16} stroke={1.7} />}
            aria-current={value === colorScheme || undefined}
            fw={value === colorScheme ? 600 : undefined}
            onClick={() => setColorScheme(value)}
          >
            {t(label)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const initials = (name: string) =>
  name
    .split(/[\s._-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase())
    .join("");

function UserMenu() {
  const { user, version } = useSession();
  const signOut = useSignOut();
  return (
    <Menu>
      <Menu.Target>
        <button
          type="button"
          className={classes.avatar}
          aria-label={t("Account of {name}", { name: user.DisplayName })}
        >
          {initials(user.DisplayName || user.Username)}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.EmailAddress || user.Username}</Menu.Label>
        <Menu.Item component={Link} to="/users/me" leftSection={<IconUser size={16} stroke={1.7} />}>
          {t("Profile")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.7} />} onClick={() => signOut().catch(failed)}>
          {t("Sign out")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("Tako {version}", { version })}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}

export function TopBar({ onMenu }: { onMenu: () => void }) {
  const space = useSpaceId();
  return (
    <header className={classes.bar}>
      <ActionIcon
        className={classes.burger}
        variant="subtle"
        color="gray"
        aria-label={t("Open the menu")}
        onClick={onMenu}
      >
        <IconMenu2 size={19} />
      </ActionIcon>
      <Link to={space ? `/${space}` : "/"} className={classes.home} aria-label={t("Tako, to the dashboard")}>
        <Logo />
      </Link>
      <SpaceSwitcher />
      <span className={classes.gap} />
      <Watch />
      <Command />
      <ThemeMenu />
      <UserMenu />
    </header>
  );
}
