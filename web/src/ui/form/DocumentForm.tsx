// The frame that forms of documents share: what is edited, saving, deleting,
// why the server did not take it, and the question before it is left unsaved.
import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import type { PathOf } from "~/api/client";
import type { ApiError } from "~/api/error";
import { useSend } from "~/api/query";
import { useGo } from "~/app/navigation";
import { type Scope, useMay } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "../Confirm";
import { SaveBar } from "../draft/SaveBar";
import { useDraft } from "../draft/useDraft";
import { done, failed } from "../notify";
import { Page } from "../Page";
import classes from "./form.module.css";

type Collection = Extract<PathOf<"post">, `/api/${string}`>;

export type Fields<T> = {
  value: T;
  // put changes members; edit goes by what there is at that moment.
  put: (change: Partial<T>) => void;
  edit: (change: (now: T) => T) => void;
  readOnly: boolean;
  isNew: boolean;
};

type Props<T> = {
  // collection is the path that it is posted to; it is put and deleted below it.
  collection: Collection;
  // document is what the server has; one without an id is made.
  document: T;
  name: string;
  add: string;
  // remove is the name of deleting it, such as "Delete channel", and what
  // follows from it.
  remove?: [action: string, consequence: string];
  list: { label: string; to: string };
  place: (made: T) => string;
  // edit is what changing it needs; without it everybody who sees it may.
  may: { edit?: string; add?: string; delete?: string; scope?: Scope };
  // why says what is missing before it can be sent.
  why?: (value: T) => string | undefined;
  sent?: (value: T) => unknown;
  touches?: string[];
  // also does what else belongs to saving, and gives what there is then.
  also?: (sent: T, answer: T) => Promise<T>;
  // after hears of what was made, instead of going to its place.
  after?: (made: T) => void;
  beside?: ReactNode;
  actions?: ReactNode;
  // fixed is one that nobody may change or delete, with the reason.
  fixed?: string;
  children: (fields: Fields<T>) => ReactNode;
};

type Sender<T> = {
  mutateAsync: (how: { params?: { id: string }; body?: unknown }) => Promise<T>;
  isPending: boolean;
  error: ApiError | null;
};

// useWays are the three ways to change a collection. Which documents it has is
// known to whoever calls.
function useWays<T>(collection: Collection, touches: string[] | undefined) {
  const one = `${collection}/{id}` as never;
  return {
    create: useSend("post", collection, { touches }) as unknown as Sender<T>,
    update: useSend("put", one, { touches }) as unknown as Sender<T>,
    remove: useSend("delete", one, { touches }) as unknown as Sender<unknown>,
  };
}

// DocumentForm edits a document, or makes one.
export function DocumentForm<T extends { Id: string }>(props: Props<T>) {
  const { document, may, sent = (value) => value, fixed } = props;
  const go = useGo();
  const isNew = document.Id === "";
  // A new one begins the same each time it is drawn.
  const [begun] = useState(document);
  const draft = useDraft<T>(isNew ? begun : document);
  const needed = isNew ? (may.add ?? may.edit) : may.edit;
  const allowed = useMay(needed, may.scope);
  const mayDelete = useMay(may.delete ?? may.edit, may.scope) && !isNew && !fixed && props.remove;
  const { create, update, remove } = useWays<T>(props.collection, props.touches);
  const readOnly = !allowed || Boolean(fixed);
  // Until all is done, going on to what was made is not leaving it unsaved.
  const [busy, setBusy] = useState(false);

  const send = async () => {
    const body = sent(draft.value);
    const answer = isNew
      ? await create.mutateAsync({ body })
      : await update.mutateAsync({ params: { id: document.Id }, body });
    const saved = props.also ? await props.also(draft.value, answer).catch(failing) : answer;
    draft.saved(isNew ? begun : saved);
    done(t("Saved."));
    if (!isNew) return;
    if (props.after) props.after(saved);
    else go(props.place(saved), { replace: true });
  };

  const save = () => {
    setBusy(true);
    // The bar says what the server refused.
    void send()
      .catch(() => {})
      .finally(() => setBusy(false));
  };

  return (
    <Page
      narrow
      title={isNew ? props.add : props.name}
      crumbs={[props.list, { label: isNew ? t("New") : props.name }]}
      beside={props.beside}
      actions={
        <>
          {props.actions}
          {mayDelete && (
            <Deleting
              name={props.name}
              words={mayDelete}
              onDelete={() => remove.mutateAsync({ params: { id: document.Id } }).then(() => go(props.list.to))}
            />
          )}
        </>
      }
    >
      {readOnly && (
        <p className={classes.note} role="note">
          {fixed ?? t("You may look at this, not change it: that needs the permission {name}.", { name: needed ?? "" })}
        </p>
      )}
      {props.children({
        value: draft.value,
        put: (change) => draft.edit((now) => ({ ...now, ...change })),
        edit: draft.edit,
        readOnly,
        isNew,
      })}
      <SaveBar
        dirty={draft.dirty}
        fresh={isNew && !readOnly}
        saving={busy}
        error={isNew ? create.error : update.error}
        disabled={props.why?.(draft.value)}
        onSave={save}
        onDiscard={draft.discard}
      />
    </Page>
  );
}

// failing tells of what went wrong beside the document itself.
function failing(thrown: unknown): never {
  failed(thrown);
  throw thrown;
}

type DeletingProps = { name: string; words: [string, string]; onDelete: () => Promise<unknown> };

function Deleting({ name, words: [action, consequence], onDelete }: DeletingProps) {
  const [asked, ask] = useState(false);
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("More")}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="bad" leftSection={<IconTrash size={15} />} onClick={() => ask(true)}>
            {`${action}…`}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        grave
        opened={asked}
        onClose={() => ask(false)}
        title={t("{action} {name}?", { action, name })}
        action={action}
        onConfirm={() =>
          onDelete().catch((refusal) => {
            failed(refusal);
            ask(false);
          })
        }
      >
        <p>{consequence}</p>
      </Confirm>
    </>
  );
}

// named says that a name is missing; the first thing that most forms miss.
export const named = (value: { Name: string }) => (value.Name.trim() ? undefined : t("It has no name yet."));
