import type { ReactNode } from "react";
import { useGet, useSend } from "~/api/query";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import form from "~/ui/form/form.module.css";
import { done } from "~/ui/notify";
import { Read } from "~/ui/state";

export type SettingsFields<T> = { value: T; put: (change: Partial<T>) => void; readOnly: boolean; dirty: boolean };

type Props<T> = {
  // section is one of the server's settings.
  section: string;
  // needs is asked for beside ConfigureServer.
  needs?: string;
  touches?: string[];
  children: (fields: SettingsFields<T>) => ReactNode;
};

// SettingsForm edits a section of the server's settings.
export function SettingsForm<T extends object>(props: Props<T>) {
  const values = useGet("/api/configuration/{section}/values", { section: props.section });
  return <Read of={values}>{(data) => <Form {...props} values={data as unknown as T} />}</Read>;
}

function Form<T extends object>({ section, needs, touches, children, values }: Props<T> & { values: T }) {
  const draft = useDraft(values);
  const mayConfigure = useMay("ConfigureServer");
  const mayMore = useMay(needs);
  const missing = mayConfigure ? (mayMore ? undefined : needs) : "ConfigureServer";
  const save = useSend("put", "/api/configuration/{section}/values", {
    touches: [`${section}configuration`, ...(touches ?? [])],
    onDone: (answer) => {
      draft.saved((answer ?? draft.value) as unknown as T);
      done(t("Saved."));
    },
  });
  return (
    <>
      {missing && (
        <p className={form.note} role="note">
          {t("You may look at this, not change it: that needs the permission {name}.", { name: missing })}
        </p>
      )}
      {children({
        value: draft.value,
        put: (change) => draft.edit((now) => ({ ...now, ...change })),
        readOnly: Boolean(missing),
        dirty: draft.dirty,
      })}
      <SaveBar
        dirty={draft.dirty}
        saving={save.isPending}
        error={save.error}
        onSave={() => save.mutate({ params: { section }, body: draft.value })}
        onDiscard={draft.discard}
      />
    </>
  );
}
