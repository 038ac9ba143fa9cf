// The states that every screen has besides showing what it is for.
import { Button, Skeleton } from "@mantine/core";
import { type Icon, IconAlertTriangle, IconLock } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type ApiError, errorOf } from "~/api/error";
import { t } from "~/text/t";
import { Page } from "./Page";
import classes from "./state.module.css";

type EmptyProps = { icon?: Icon; title: string; hint?: string; children?: ReactNode };

// EmptyState says what would be here and how it comes here.
export function EmptyState({ icon: Picture, title, hint, children }: EmptyProps) {
  return (
    <section className={classes.state}>
      {Picture && (
        <span className={classes.picture}>
          <Picture size={22} stroke={1.6} aria-hidden />
        </span>
      )}
      <p className={classes.title}>{title}</p>
      {hint && <p className={classes.hint}>{hint}</p>}
      {children && <div className={classes.actions}>{children}</div>}
    </section>
  );
}

// NoPermission says what is missing to see something.
export function NoPermission({ what }: { what: string }) {
  return (
    <EmptyState
      icon={IconLock}
      title={t("You may not see this.")}
      hint={t("{what} Somebody who manages teams can give it to you.", { what })}
    />
  );
}

// ErrorState says in the server's words what went wrong.
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const e = errorOf(error);
  if (e.forbidden) return <NoPermission what={e.details[0] ?? e.message} />;
  return (
    <section className={classes.state} role="alert">
      <span className={classes.picture} data-tone="bad">
        <IconAlertTriangle size={22} stroke={1.6} aria-hidden />
      </span>
      <p className={classes.title}>{e.message}</p>
      {e.details.length > 0 && (
        <ul className={classes.details}>
          {e.details.map((d) => (
            <li key={d}>{d}</li>
          ))}
        </ul>
      )}
      {e.requestId && <p className={classes.hint}>{t("Request {id}", { id: e.requestId })}</p>}
      {onRetry && (
        <div className={classes.actions}>
          <Button variant="default" onClick={onRetry}>
            {t("Try again")}
          </Button>
        </div>
      )}
    </section>
  );
}

// Loading stands in while something is read; it shows only after a moment.
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className={classes.loading} role="status" aria-label={t("Loading")}>
      <Skeleton height={24} width="30%" />
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same
        <Skeleton key={i} height={16} width={`${90 - ((i * 17) % 40)}%`} />
      ))}
    </div>
  );
}

type ReadProps<T> = {
  of: UseQueryResult<T, ApiError>;
  rows?: number;
  // page is the heading of an error where what is read is the whole page.
  page?: string;
  children: (data: NonNullable<T>) => ReactNode;
};

// Read shows what a query gives, or why it gives nothing. What there was stays
// while it is read anew, also when that fails: the banner says so.
export function Read<T>({ of, rows, page, children }: ReadProps<T>) {
  if (of.data !== undefined && of.data !== null && !(of.error && !of.error.unreachable)) return children(of.data);
  if (of.error) {
    const state = <ErrorState error={of.error} onRetry={() => void of.refetch()} />;
    return page ? <Page title={page}>{state}</Page> : state;
  }
  return <Loading rows={rows} />;
}
