import { Button, SegmentedControl } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useState } from "react";
import { useGet, useSend, useSpaceId } from "~/api/query";
import type { Task } from "~/api/wire";
import { useGo, useQueryWord } from "~/app/navigation";
import { to } from "~/app/to";
import { many, t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";
import type { Language } from "~/ui/code/completion";
import form from "~/ui/form/form.module.css";
import { Page } from "~/ui/Page";
import { choicesOf, PickMany } from "~/ui/PickMany";
import { Refusal } from "~/ui/Refusal";
import { Section } from "~/ui/Section";
import { EmptyState, Read } from "~/ui/state";
import { Pager } from "~/ui/Table";
import { syntaxes } from "../process/types/Script";
import { TaskTable } from "../tasks/TaskTable";
import { argumentsOf, type Choice, choiceOf, meant, nothing } from "./choice";

// Console runs a script on machines, and shows what was run before. An address
// that names a task begins with what that one ran.
export default function Console() {
  const [from] = useQueryWord("from");
  const before = useGet("/api/tasks/{id}", { id: from });
  if (!from) return <Form begun={nothing} />;
  return (
    <Read of={before} page={t("Script console")}>
      {(task) => <Form key={task.Id} begun={choiceOf(task.Arguments as object)} />}
    </Read>
  );
}

function Form({ begun }: { begun: Choice }) {
  const space = useSpaceId();
  const go = useGo();
  const [choice, set] = useState(begun);
  const put = (change: Partial<Choice>) => set((now) => ({ ...now, ...change }));
  const targets = useGet("/api/{spaceId}/machines/all", {});
  const workers = useGet("/api/{spaceId}/workers/all", {});
  const names = meant(choice, targets.data ?? [], workers.data ?? []);
  const run = useSend("post", "/api/{spaceId}/tasks", { onDone: (made: Task) => go(to.task(space, made.Id)) });
  return (
    <Page
      title={t("Script console")}
      crumbs={[{ label: t("Tasks"), to: to.tasks(space) }, { label: t("Script console") }]}
      actions={
        <Button
          loading={run.isPending}
          disabled={names.length === 0 || !choice.script.trim()}
          onClick={() => run.mutate({ body: { Name: "AdHocScript", Arguments: argumentsOf(choice) } as never })}
        >
          {names.length > 0 ? many(names.length, "Run on one machine", "Run on {n} machines") : t("Run script")}
        </Button>
      }
    >
      <Refusal of={run.error} />
      <Section title={t("Where")}>
        <div className={form.fields}>
          <SegmentedControl
            aria-label={t("Run on")}
            w="fit-content"
            data={[
              { value: "targets", label: t("Deployment targets") },
              { value: "workers", label: t("Workers") },
            ]}
            value={choice.on}
            onChange={(on) => put({ on: on as Choice["on"] })}
          />
          {choice.on === "targets" ? (
            <OnTargets choice={choice} put={put} machines={targets.data ?? []} />
          ) : (
            <OnWorkers choice={choice} put={put} machines={workers.data ?? []} />
          )}
          <p className="dim" role="status">
            {names.length === 0
              ? t("Nothing that is chosen so far has machines to run on.")
              : t("It runs on {names}.", { names: names.slice(0, 12).join(", ") + (names.length > 12 ? " …" : "") })}
          </p>
        </div>
      </Section>
      <Section title={t("Script")}>
        <div className={form.fields}>
          <SegmentedControl
            aria-label={t("Language")}
            w="fit-content"
            data={syntaxes}
            value={choice.syntax}
            onChange={(syntax) => put({ syntax })}
          />
          <CodeEditor
            label={t("Script")}
            description={t("It stays in the task and in its log: put no secrets here.")}
            rows={12}
            language={choice.syntax as Language}
            value={choice.script}
            onChange={(script) => put({ script })}
          />
        </div>
      </Section>
      <History />
    </Page>
  );
}

type FieldsProps = {
  choice: Choice;
  put: (change: Partial<Choice>) => void;
  machines: { Id: string; Name: string }[];
};

function OnTargets({ choice, put, machines }: FieldsProps) {
  const environments = useGet("/api/{spaceId}/environments/all", {});
  const roles = useGet("/api/{spaceId}/machineroles/all", {});
  const tags = ((roles.data as unknown as string[] | undefined) ?? []).map((r) => ({ value: r, label: r }));
  return (
    <>
      <PickMany
        label={t("Environments")}
        choices={choicesOf(environments.data)}
        value={choice.environments}
        onChange={(next) => put({ environments: next })}
      />
      <PickMany label={t("Target tags")} choices={tags} value={choice.tags} onChange={(next) => put({ tags: next })} />
      <PickMany
        label={t("Only these targets")}
        choices={choicesOf(machines)}
        value={choice.machines}
        onChange={(next) => put({ machines: next })}
      />
    </>
  );
}

function OnWorkers({ choice, put, machines }: FieldsProps) {
  const pools = useGet("/api/{spaceId}/workerpools/all", {});
  return (
    <>
      <PickMany
        label={t("All workers of these pools")}
        choices={choicesOf(pools.data)}
        value={choice.pools}
        onChange={(next) => put({ pools: next })}
      />
      <PickMany
        label={t("Workers")}
        choices={choicesOf(machines)}
        value={choice.workers}
        onChange={(next) => put({ workers: next })}
      />
    </>
  );
}

const take = 15;

// History are the scripts that were run before, the newest first.
function History() {
  const space = useSpaceId();
  const [skip] = useQueryWord("skip");
  const query = { spaces: space, name: "AdHocScript", skip: skip || "0", take };
  const tasks = useGet("/api/{spaceId}/tasks", {}, { query, keep: true });
  return (
    <Section title={t("Run before")} flush>
      <Read of={tasks} rows={3}>
        {({ Items, TotalResults }) =>
          Items.length === 0 ? (
            <EmptyState icon={IconTerminal2} title={t("No script has been run from here yet.")} />
          ) : (
            <>
              <TaskTable label={t("Scripts run before")} what={t("Script")} tasks={Items} />
              <Pager total={TotalResults} take={take} />
            </>
          )
        }
      </Read>
    </Section>
  );
}
