import { ActionIcon, Alert, Button, Menu } from "@mantine/core";
import { IconArrowLeft, IconBraces, IconDots, IconListDetails, IconPlus } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import type { ApiError } from "~/api/error";
import type { Project } from "~/api/wire";
import { t } from "~/text/t";
import { Conflict } from "~/ui/draft/Conflict";
import { changes, type Merge, merge, moved } from "~/ui/draft/merge";
import { SaveBar } from "~/ui/draft/SaveBar";
import { useDraft } from "~/ui/draft/useDraft";
import { done } from "~/ui/notify";
import { type Crumb, Page } from "~/ui/Page";
import { EmptyState } from "~/ui/state";
import { ActionForm, StepForm } from "./ActionForm";
import { type Choice, Chooser } from "./Chooser";
import { ChooserContext } from "./choosing";
import { type Complaint, complaintsOf, type Editor, EditorContext, FocusContext } from "./editor";
import { JsonView } from "./JsonView";
import classes from "./ProcessEditor.module.css";
import { Review, StepDiff } from "./Review";
import { StepList } from "./StepList";
import { type Action, actionOf, addChild, free, isRolling, type Step, stepOf, withAction, withStep } from "./steps";
import { useMaker } from "./useMaker";

// Process is a deployment's or a runbook's; they differ in where they are.
export type Process = { Id: string; Version: number; Steps: Step[] | null; LastModifiedBy: string };

type Props<T extends Process> = {
  project: Project;
  runbook: boolean;
  title: string;
  crumbs?: Crumb[];
  // above stands before the steps, such as links to neighbours.
  above?: ReactNode;
  process: T;
  mayEdit: boolean;
  // branch is the one that saving commits to, of projects in Git.
  branch?: string;
  save: { send: (process: T, message: string) => Promise<T>; read: () => Promise<T>; isPending: boolean };
  aside?: ReactNode;
};

// useSelected is the step that the address names.
function useSelected(): [string, (id: string) => void] {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const select = useCallback(
    (id: string) => {
      const next = (before: Record<string, unknown>) => ({ ...before, actionId: id || undefined });
      void navigate({ to: ".", search: next as never, resetScroll: false });
    },
    [navigate],
  );
  return [search.actionId ?? "", select];
}

// found is the step and action that an id or a slug names.
function found(steps: Step[], id: string): { step: Step; action: Action; whole: boolean } | undefined {
  for (const step of steps) {
    const action = step.Actions?.find((a) => a.Id === id || a.Slug === id);
    if (action && id) return { step, action, whole: false };
    const [first] = step.Actions ?? [];
    if (first && step.Id === id) return { step, action: first, whole: isRolling(step) };
  }
}

export function ProcessEditor<T extends Process>(props: Props<T>) {
  const { project, runbook, title, crumbs, above, process, mayEdit, branch, save, aside } = props;
  const draft = useDraft(process);
  const [selected, select] = useSelected();
  const [choosing, choose] = useState<{ parent?: string } | undefined>();
  const [complaints, complain] = useState<Complaint[]>([]);
  const [refused, refuse] = useState<ApiError | null>(null);
  const [conflict, setConflict] = useState<{ merge: Merge<Step>; theirs: T } | undefined>();
  const [message, setMessage] = useState("");
  const [shown, show] = useState<"json" | "review" | undefined>();
  const steps = draft.value.Steps ?? [];
  const base = draft.base.Steps ?? [];

  const { edit } = draft;
  const change = useCallback(
    (how: (steps: Step[]) => Step[]) => edit((now) => ({ ...now, Steps: how(now.Steps ?? []) })),
    [edit],
  );
  const editor: Editor = useMemo(
    () => ({ project, runbook, steps: draft.value.Steps ?? [], change, mayEdit, complaints }),
    [project, runbook, draft.value.Steps, change, mayEdit, complaints],
  );

  const bringTogether = (theirs: T) => setConflict({ theirs, merge: merge(base, steps, theirs.Steps ?? []) });

  const send = async (value: T) => {
    refuse(null);
    complain([]);
    try {
      draft.saved(await save.send(value, message));
      setMessage("");
      done(t("The process is saved."));
    } catch (thrown) {
      const error = thrown as ApiError;
      if (error.conflict) {
        bringTogether(await save.read());
        return;
      }
      const found = complaintsOf(
        [error.message, ...error.details].filter((s) => /'|\[|Octopus/.test(s)),
        value.Steps ?? [],
      );
      complain(found);
      refuse(error);
      const first = found.find((c) => c.action ?? c.step);
      if (first) select(first.action ?? first.step ?? "");
    }
  };

  const makeAction = useMaker();
  const add = async (choice: Choice) => {
    const made = await makeAction(choice);
    const parent = choosing?.parent;
    const action = actionOf(free(steps, made.name), made.action);
    change((now) => (parent ? addChild(now, parent, action) : [...now, stepOf(action)]));
    choose(undefined);
    select(action.Id);
  };

  const focus = found(steps, selected);
  const count = changes(base, steps).length + (moved(base, steps) ? 1 : 0);
  const addButton = mayEdit && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => choose({})}>
      {t("Add step…")}
    </Button>
  );
  return (
    <EditorContext value={editor}>
      <ChooserContext value={(parent) => choose({ parent })}>
        <Page
          title={title}
          crumbs={crumbs}
          actions={
            <>
              {addButton}
              <Menu>
                <Menu.Target>
                  <ActionIcon aria-label={t("More")}>
                    <IconDots size={16} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item leftSection={<IconBraces size={15} />} onClick={() => show("json")}>
                    {t("View as JSON")}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </>
          }
        >
          {above}
          {draft.newer && (
            <Alert variant="default" mb={12} p="8px 12px">
              {t("{who} saved changes to this process while you were editing.", {
                who: draft.newer.LastModifiedBy || t("Somebody"),
              })}{" "}
              <Button variant="subtle" size="compact-xs" onClick={() => draft.newer && bringTogether(draft.newer)}>
                {t("Bring both together…")}
              </Button>
            </Alert>
          )}
          {steps.length === 0 ? (
            <EmptyState
              icon={IconListDetails}
              title={t("No steps yet.")}
              hint={t("A process is what is done, step by step: run scripts, deploy packages, ask people.")}
            >
              {addButton}
            </EmptyState>
          ) : (
            <div
              className={classes.columns}
              data-focused={Boolean(focus) || undefined}
              data-aside={Boolean(aside) || undefined}
            >
              <section className={`card ${classes.list}`} aria-label={t("Steps")}>
                <StepList selected={selected} onSelect={select} compact={Boolean(focus)} />
              </section>
              {focus ? (
                <section
                  className={`card ${classes.pane}`}
                  aria-label={focus.whole ? focus.step.Name : focus.action.Name}
                >
                  <Button
                    variant="subtle"
                    className={classes.back}
                    leftSection={<IconArrowLeft size={15} />}
                    onClick={() => select("")}
                  >
                    {t("All steps")}
                  </Button>
                  <FocusContext
                    value={{
                      step: focus.step,
                      action: focus.action,
                      changeStep: (how) => change((now) => withStep(now, focus.step.Id, how)),
                      changeAction: (how) => change((now) => withAction(now, focus.action.Id, how)),
                    }}
                  >
                    {focus.whole ? (
                      <StepForm key={focus.step.Id} first={steps[0]?.Id === focus.step.Id} />
                    ) : (
                      <ActionForm key={focus.action.Id} first={steps[0]?.Id === focus.step.Id} />
                    )}
                  </FocusContext>
                </section>
              ) : (
                aside
              )}
            </div>
          )}
          <SaveBar
            dirty={draft.dirty}
            count={count}
            saving={save.isPending}
            error={refused}
            onSave={() => void send(draft.value)}
            onDiscard={() => {
              draft.discard();
              complain([]);
              refuse(null);
            }}
            onReview={() => show("review")}
            message={branch ? { branch, value: message, onChange: setMessage } : undefined}
          />
          <Chooser
            opened={Boolean(choosing)}
            child={Boolean(choosing?.parent)}
            onClose={() => choose(undefined)}
            onChoose={(choice) => void add(choice)}
          />
          <JsonView opened={shown === "json"} onClose={() => show(undefined)} value={draft.value} />
          <Review opened={shown === "review"} onClose={() => show(undefined)} before={base} after={steps} />
          <Conflict
            merge={conflict?.merge}
            who={conflict?.theirs.LastModifiedBy || t("Somebody")}
            name={(step) => step.Name}
            show={(before, after) => <StepDiff before={before} after={after} />}
            onClose={() => setConflict(undefined)}
            onMerge={(merged) => {
              if (!conflict) return;
              const next = { ...conflict.theirs, Steps: merged };
              draft.rebase(conflict.theirs, next);
              setConflict(undefined);
              void send(next);
            }}
          />
        </Page>
      </ChooserContext>
    </EditorContext>
  );
}
