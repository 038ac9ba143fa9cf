import { Button, type ButtonProps } from "@mantine/core";
import { Link as RouterLink } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";

type Props = Omit<ComponentProps<"a">, "href"> & { to: string; preload?: false };

// Only the page that is shown is the current one, not what it lies below.
const exactly = { exact: true, includeSearch: false };

// Link leads to an address below #, with its query if it has one.
export function Link({ to, children, ...rest }: Props) {
  const [path = "/", query = ""] = to.split("?");
  return (
    <RouterLink
      to={path}
      search={Object.fromEntries(new URLSearchParams(query)) as never}
      activeOptions={exactly}
      {...rest}
    >
      {children}
    </RouterLink>
  );
}

// ButtonLink is a link that looks like a button.
export function ButtonLink({ to, children, ...rest }: ButtonProps & { to: string; children: ReactNode }) {
  return (
    <Button component={Link} to={to} {...rest}>
      {children}
    </Button>
  );
}
