import { Alert, Button, Select, TextInput } from "@mantine/core";
import { IconClipboardPlus, IconPlus, IconSearch, IconVariable } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import { request } from "~/api/client";
import type { ApiError } from "~/api/error";
import { useGet, useSend, useSpaceId } from "~/api/query";
import { useQueryWord } from "~/app/navigation";
import { many, t } from "~/text/t";
import { Conflict } from "~/ui/draft/Conflict";
import { changes, type Merge, merge } from "~/ui/draft/merge";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { done } from "~/ui/notify";
import { EmptyState } from "~/ui/state";
import { Changes, VariableDiff } from "./Changes";
import { EditVariable } from "./EditVariable";
import { Grid } from "./Grid";
import { PasteMany } from "./PasteMany";
import { type Sheet, SheetContext } from "./sheet";
import classes from "./VariableEditor.module.css";
import { blank, grouped, matching, type Variable, type VariableSet, warningsOf } from "./variables";

type Props = {
  set: VariableSet;
  label: string;
  mayEdit: boolean;
  // inGit says how variables that are on a branch are committed and read anew.
  inGit?: {
    branch: string;
    commit: (set: VariableSet, message: string) => Promise<VariableSet>;
    read: () => Promise<VariableSet>;
  };
  // project is whose names expressions may use.
  project?: string;
  // frame puts the editor into its page, with the buttons of its head.
  frame: (actions: ReactNode, body: ReactNode) => ReactNode;
};

const kinds = [
  { value: "sensitive", label: t("Sensitive") },
  { value: "prompted", label: t("Prompted") },
  { value: "scoped", label: t("Scoped") },
  { value: "empty", label: t("Empty") },
  { value: "warnings", label: t("With warnings") },
  { value: "changed", label: t("Changed") },
];

// VariableEditor edits the variables of a project or of a library set.
export function VariableEditor({ set, label, mayEdit, project, inGit, frame }: Props) {
  const spaceId = useSpaceId();
  const draft = useDraft(set);
  const [text, setText] = useQueryWord("q");
  const [kind, setKind] = useQueryWord("kind");
  const [environment, setEnvironment] = useQueryWord("environment");
  const [opened, open] = useState("");
  const [pasting, paste] = useState<string | undefined>();
  const [fresh, setFresh] = useState("");
  const [reviewing, review] = useState(false);
  const [refused, refuse] = useState<ApiError | null>(null);
  const [conflict, setConflict] = useState<{ merge: Merge<Variable>; theirs: VariableSet } | undefined>();
  const [message, setMessage] = useState("");
  const [committing, setCommitting] = useState(false);
  const save = useSend("put", "/api/{spaceId}/variables/{id}");
  const named = useGet(
    "/api/{spaceId}/variables/names",
    {},
    { query: { project: project ?? "" }, enabled: Boolean(project) },
  );

  const variables = draft.value.Variables ?? [];
  const base = draft.base.Variables ?? [];
  const values = set.ScopeValues;
  const warnings = useMemo(() => warningsOf(draft.value.Variables ?? []), [draft.value.Variables]);
  const { edit } = draft;
  const sheet: Sheet = {
    variables,
    base,
    values,
    warnings,
    mayEdit,
    names: [
      ...new Set([...variables.map((v) => v.Name), ...((named.data as unknown as string[] | undefined) ?? [])]),
    ].filter(Boolean),
    change: (how) => edit((now) => ({ ...now, Variables: how(now.Variables ?? []) })),
    open,
  };

  const bringTogether = (theirs: VariableSet) =>
    setConflict({ theirs, merge: merge(base, variables, theirs.Variables ?? []) });

  const send = async (body: VariableSet) => {
    refuse(null);
    setCommitting(Boolean(inGit));
    try {
      draft.saved(inGit ? await inGit.commit(body, message) : await save.mutateAsync({ params: { id: set.Id }, body }));
      setMessage("");
      done(t("The variables are saved."));
    } catch (thrown) {
      const error = thrown as ApiError;
      if (!error.conflict) return refuse(error);
      const params = { spaceId, id: set.Id };
      bringTogether(await (inGit?.read() ?? request("get", "/api/{spaceId}/variables/{id}", { params })));
    } finally {
      setCommitting(false);
    }
  };

  const add = () => {
    const made = blank();
    sheet.change((all) => [made, ...all]);
    setText(undefined);
    setKind(undefined);
    setFresh(made.Id);
  };

  const shown = matching(variables, base, { text, kind, environment }, warnings);
  const groups = grouped(shown, base);
  const filtered = Boolean(text || kind || environment);
  const unnamed = variables.some((v) => v.Name.trim() === "");

  const actions = mayEdit && (
    <>
      <Button variant="default" leftSection={<IconClipboardPlus size={16} />} onClick={() => paste("")}>
        {t("Paste…")}
      </Button>
      <Button leftSection={<IconPlus size={16} />} onClick={add}>
        {t("Add variable")}
      </Button>
    </>
  );

  const body = (
    <div
      onPaste={(e) => {
        const pasted = e.clipboardData.getData("text/plain");
        const inField = (e.target as HTMLElement).closest("input, textarea, [contenteditable], [role=dialog]");
        if (inField || !mayEdit || !/\S\s*[=\n\t]/.test(pasted)) return;
        e.preventDefault();
        paste(pasted);
      }}
    >
      <div className={classes.filters}>
        <TextInput
          data-filter
          aria-label={t("Filter variables")}
          placeholder={t("Filter by name or value")}
          leftSection={<IconSearch size={15} />}
          className={classes.search}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
        <Select
          aria-label={t("Show")}
          placeholder={t("All kinds")}
          clearable
          w={150}
          data={kinds}
          value={kind || null}
          onChange={(v) => setKind(v ?? undefined)}
        />
        <Select
          aria-label={t("Environment")}
          placeholder={t("All environments")}
          clearable
          searchable
          w={180}
          data={(values?.Environments ?? []).map((e) => ({ value: e.Id, label: e.Name }))}
          value={environment || null}
          onChange={(v) => setEnvironment(v ?? undefined)}
        />
        <span className="dim number">
          {filtered
            ? t("{n} of {of} variables", { n: shown.length, of: variables.length })
            : many(variables.length, "{n} variable", "{n} variables")}
        </span>
      </div>
      {draft.newer && (
        <Alert variant="default" mb={12} p="8px 12px">
          {t("{who} saved changes to these variables while you were editing.", {
            who: draft.newer.LastModifiedBy || t("Somebody"),
          })}{" "}
          <Button variant="subtle" size="compact-xs" onClick={() => draft.newer && bringTogether(draft.newer)}>
            {t("Bring both together…")}
          </Button>
        </Alert>
      )}
      {variables.length === 0 ? (
        <EmptyState
          icon={IconVariable}
          title={t("No variables yet.")}
          hint={t(
            "A variable has a value for each place that it is different in: an environment, a target, a channel.",
          )}
        >
          {actions}
        </EmptyState>
      ) : groups.length === 0 ? (
        <EmptyState title={t("No variable matches these filters.")}>
          <Button
            variant="default"
            onClick={() => {
              setText(undefined);
              setKind(undefined);
              setEnvironment(undefined);
            }}
          >
            {t("Clear filters")}
          </Button>
        </EmptyState>
      ) : (
        <div className={`card ${classes.card}`}>
          <Grid groups={groups} label={label} fresh={fresh} />
        </div>
      )}
      <SaveBar
        dirty={draft.dirty}
        count={changes(base, variables).length}
        saving={save.isPending || committing}
        error={refused}
        disabled={unnamed ? t("A variable has no name yet.") : undefined}
        onSave={() => void send(draft.value)}
        onDiscard={() => {
          draft.discard();
          refuse(null);
        }}
        onReview={() => review(true)}
        message={inGit && { branch: inGit.branch, value: message, onChange: setMessage }}
      />
      <EditVariable variable={variables.find((v) => v.Id === opened)} onClose={() => open("")} />
      <PasteMany opened={pasting !== undefined} text={pasting ?? ""} onClose={() => paste(undefined)} />
      <Changes opened={reviewing} onClose={() => review(false)} before={base} after={variables} values={values} />
      <Conflict
        merge={conflict?.merge}
        who={conflict?.theirs.LastModifiedBy || t("Somebody")}
        name={(v) => v.Name}
        show={(before, after) => <VariableDiff before={before} after={after} values={values} />}
        onClose={() => setConflict(undefined)}
        onMerge={(merged) => {
          if (!conflict) return;
          const next = { ...conflict.theirs, Variables: merged };
          draft.rebase(conflict.theirs, next);
          setConflict(undefined);
          void send(next);
        }}
      />
    </div>
  );
  return <SheetContext value={sheet}>{frame(actions, body)}</SheetContext>;
}
