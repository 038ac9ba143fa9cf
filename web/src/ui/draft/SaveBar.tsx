import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useBlocker } from "@tanstack/react-router";
import type { ApiError } from "~/api/error";
import { many, t } from "~/text/t";
import { Refusal } from "../Refusal";
import classes from "./SaveBar.module.css";

type Props = {
  dirty: boolean;
  // fresh is what is not on the server yet, changed or not.
  fresh?: boolean;
  // count is how many things have changed.
  count?: number;
  saving: boolean;
  error?: ApiError | null;
  // disabled says why it cannot be saved yet.
  disabled?: string;
  onSave: () => void;
  onDiscard: () => void;
  onReview?: () => void;
  // message is what a commit says of the change, where saving is committing.
  message?: { branch: string; value: string; onChange: (value: string) => void };
};

// SaveBar stands at the foot of an editor while there is something to save, and
// asks before it is left behind.
export function SaveBar(props: Props) {
  const { dirty, fresh, count, saving, error, disabled, onSave, onDiscard, onReview, message } = props;
  const shown = dirty || fresh;
  const words = fresh ? t("Not saved yet") : t("Unsaved changes");
  const save = () => shown && !saving && !disabled && onSave();
  useHotkeys([["mod+S", save]], [], true);
  return (
    <>
      <LeaveGuard dirty={dirty && !saving} />
      {shown && (
        <section className={classes.bar} aria-label={t("Unsaved changes")}>
          <Refusal of={error} />
          <div className={classes.line}>
            <span className={classes.words} role="status">
              {disabled ?? (count ? many(count, "1 unsaved change", "{n} unsaved changes") : words)}
            </span>
            {message && (
              <TextInput
                className={classes.message}
                aria-label={t("Commit message")}
                placeholder={t("What changes, for the commit to {branch}", { branch: message.branch })}
                value={message.value}
                onChange={(e) => message.onChange(e.currentTarget.value)}
              />
            )}
            {onReview && (
              <Button variant="subtle" onClick={onReview}>
                {t("Review…")}
              </Button>
            )}
            {dirty && (
              <Button variant="default" onClick={onDiscard} disabled={saving}>
                {t("Discard")}
              </Button>
            )}
            <Button onClick={save} loading={saving} disabled={Boolean(disabled)}>
              {message ? t("Commit") : t("Save")}
            </Button>
          </div>
        </section>
      )}
    </>
  );
}

// branchIn is the branch that an address names: another is another document.
const branchIn = (search: unknown) => (search as { branch?: string }).branch;

// LeaveGuard asks before a page with unsaved changes is left.
export function LeaveGuard({ dirty }: { dirty: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      dirty && (current.pathname !== next.pathname || branchIn(current.search) !== branchIn(next.search)),
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  return (
    <Modal opened={status === "blocked"} onClose={() => reset?.()} title={t("Leave without saving?")} size={460}>
      <p>{t("What you have changed on this page is not saved. It is lost when you leave.")}</p>
      <Group justify="flex-end" gap={8} mt={20}>
        <Button variant="default" onClick={() => reset?.()} data-autofocus>
          {t("Stay")}
        </Button>
        <Button color="bad" onClick={() => proceed?.()}>
          {t("Leave")}
        </Button>
      </Group>
    </Modal>
  );
}
