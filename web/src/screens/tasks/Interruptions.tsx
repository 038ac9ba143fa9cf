import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { useGet, useSend } from "~/api/query";
import type { Task, Wire } from "~/api/wire";
import { useSession } from "~/app/session";
import { t } from "~/text/t";
import { Confirm } from "~/ui/Confirm";
import { DateTime } from "~/ui/DateTime";
import { Markdown } from "~/ui/Markdown";
import { failed } from "~/ui/notify";
import { StatusIcon } from "~/ui/StatusIcon";
import classes from "./Interruptions.module.css";

type Interruption = Wire<"Interruption">;

// useQuestions are what a task asks people now.
export function useQuestions(task: Task) {
  const query = { regarding: task.Id, pendingOnly: true };
  return useGet("/api/interruptions", {}, { query, enabled: !task.IsCompleted });
}

// Interruptions shows what a task asks people, and takes their answers.
export function Interruptions({ task }: { task: Task }) {
  const pending = useQuestions(task);
  if (task.IsCompleted) return null;
  return (pending.data?.Items ?? []).map((i) => <Panel key={i.Id} of={i} />);
}

function Panel({ of: i }: { of: Interruption }) {
  const { user } = useSession();
  const elements = i.Form.Elements ?? [];
  const instructions = elements.find((e) => e.Control.Type === "Paragraph")?.Control.Text;
  const buttons = elements.find((e) => e.Control.Type === "SubmitButtonGroup");
  const notes = elements.find((e) => e.Control.Type === "TextArea");
  const takes = useSend("put", "/api/interruptions/{id}/responsible", { touches: ["interruptions"] });
  const other = i.ResponsibleUserId && i.ResponsibleUserId !== user.Id;
  return (
    <section className={classes.panel} aria-label={i.Title}>
      <header className={classes.head}>
        <StatusIcon tone="hold" shape="bars" />
        <h2>{i.Type === "GuidedFailure" ? t("{title}: what now?", { title: i.Title }) : i.Title}</h2>
        <DateTime at={i.Created} />
      </header>
      {instructions && <Markdown text={instructions} />}
      {other && <p className="dim">{t("Somebody else has taken responsibility.")}</p>}
      {i.HasResponsibility ? (
        <Answer of={i} notes={notes} buttons={buttons} />
      ) : i.CanTakeResponsibility ? (
        <div>
          <Button loading={takes.isPending} onClick={() => takes.mutate({ params: { id: i.Id } }, { onError: failed })}>
            {other ? t("Take it over") : t("Take responsibility")}
          </Button>
        </div>
      ) : (
        <p className="dim">{t("You are in none of the teams that may answer this.")}</p>
      )}
    </section>
  );
}

type Element = Wire<"FormElement">;
type AnswerProps = { of: Interruption; notes: Element | undefined; buttons: Element | undefined };

const isGood = (value: string) => ["Proceed", "Retry", "Approve"].includes(value);

function Answer({ of: i, notes, buttons }: AnswerProps) {
  const [text, setText] = useState(i.Form.Values?.[notes?.Name ?? ""] ?? "");
  const [asks, setAsks] = useState("");
  const submit = useSend("post", "/api/interruptions/{id}/submit", { touches: ["tasks"] });
  const answer = (value: string) => {
    const body: Record<string, string> = { [buttons?.Name ?? "Result"]: value };
    if (notes) body[notes.Name] = text;
    return submit.mutateAsync({ params: { id: i.Id }, body: body as never }).catch(failed);
  };
  const choices = buttons?.Control.Buttons ?? [];
  return (
    <div className={classes.answer}>
      {notes && (
        <Textarea
          label={notes.Control.Label || t("Notes")}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
      )}
      <div className={classes.buttons}>
        {choices.map((b) => (
          <Button
            key={b.Value}
            variant={isGood(b.Value) ? "filled" : "outline"}
            color={isGood(b.Value) ? undefined : "bad"}
            loading={submit.isPending}
            onClick={() => (b.RequiresConfirmation ? setAsks(b.Value) : answer(b.Value))}
          >
            {b.Text}
          </Button>
        ))}
      </div>
      <Confirm
        opened={asks !== ""}
        onClose={() => setAsks("")}
        title={t("{answer} {title}?", { answer: asks, title: i.Title })}
        action={asks}
        grave
        onConfirm={() => answer(asks).finally(() => setAsks(""))}
      >
        {t("This cannot be taken back.")}
      </Confirm>
    </div>
  );
}
