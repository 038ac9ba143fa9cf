import { Badge, TextInput, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle, IconLock } from "@tabler/icons-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { t } from "~/text/t";
import classes from "./Grid.module.css";
import { ScopePick } from "./ScopePick";
import { nameIn, useSheet, useValueChoices } from "./sheet";
import { changeOne, isSensitive, isText, type Scope, scopeOf, types, type Variable, type Warning } from "./variables";

// Leaving is how the editing of a cell ends: where to go from there.
// "away" is when the focus has gone elsewhere already.
export type Leaving = "stay" | "down" | "right" | "left" | "away";

type EditProps = {
  label: string;
  value: string;
  placeholder?: string;
  secret?: boolean;
  onEnd: (value: string | undefined, to: Leaving) => void;
  onLarge?: () => void;
};

// TextEdit is a cell while somebody types into it.
export function TextEdit({ label, value, placeholder, secret, onEnd, onLarge }: EditProps) {
  const [text, set] = useState(value);
  // It ends once: the field that goes away loses its focus too.
  const ended = useRef(false);
  const end = (text: string | undefined, to: Leaving) => {
    if (ended.current) return;
    ended.current = true;
    onEnd(text, to);
  };
  const press = (e: KeyboardEvent) => {
    e.stopPropagation();
    if (e.key === "Escape") end(undefined, "stay");
    else if (e.key === "Enter" && e.shiftKey && onLarge) {
      end(text, "away");
      onLarge();
    } else if (e.key === "Enter") end(text, "down");
    else if (e.key === "Tab") end(text, e.shiftKey ? "left" : "right");
    else return;
    e.preventDefault();
  };
  return (
    <TextInput
      aria-label={label}
      autoFocus
      autoComplete="off"
      spellCheck={false}
      type={secret ? "password" : "text"}
      placeholder={placeholder}
      className={classes.input}
      value={text}
      onFocus={(e) => e.currentTarget.setSelectionRange(text.length, text.length)}
      onChange={(e) => set(e.currentTarget.value)}
      onKeyDown={press}
      onBlur={() => end(text, "away")}
    />
  );
}

const warned: Record<Warning, string> = {
  ambiguous: t("Another value has the same scope: which of them wins is not clear."),
  empty: t("It has no value."),
  unnamed: t("It has no name yet."),
};

export function NameShown({ variable, first, count }: { variable: Variable; first: boolean; count: number }) {
  if (!first) return <span className="visually-hidden">{variable.Name}</span>;
  return (
    <>
      <code className={classes.nameText}>{variable.Name || t("unnamed")}</code>
      {count > 1 && <span className={classes.count}>{count}</span>}
      {variable.Description && (
        <Tooltip label={variable.Description} multiline maw={320}>
          <span className={classes.mark}>
            <IconInfoCircle size={15} role="img" aria-label={variable.Description} />
          </span>
        </Tooltip>
      )}
    </>
  );
}

export function ValueShown({ variable }: { variable: Variable }) {
  const { warnings } = useSheet();
  const warning = warnings.get(variable.Id);
  return (
    <>
      <Shown variable={variable} />
      {variable.Prompt && (
        <Badge size="sm" tt="none" fw={600} variant="light" className={classes.badge}>
          {variable.Prompt.Required ? t("prompted, required") : t("prompted")}
        </Badge>
      )}
      {warning && (
        <Tooltip label={warned[warning]}>
          <span className={classes.warn}>
            <IconAlertTriangle size={15} role="img" aria-label={warned[warning]} />
          </span>
        </Tooltip>
      )}
    </>
  );
}

function Shown({ variable }: { variable: Variable }) {
  const choices = useValueChoices(variable.Type);
  if (isSensitive(variable)) {
    return (
      <span className={classes.secret}>
        <IconLock size={14} aria-hidden />
        <span>
          {variable.Value === null ? t("secret") : variable.Value === "" ? t("no secret yet") : t("new secret")}
        </span>
      </span>
    );
  }
  if (!isText(variable)) {
    const type = types.find((k) => k.value === variable.Type)?.label ?? variable.Type;
    const name = choices.find((c) => c.value === variable.Value)?.label ?? variable.Value;
    return (
      <span>
        {name || <span className="dim">{t("none chosen")}</span>} <span className="dim">{type}</span>
      </span>
    );
  }
  const [first = "", ...more] = (variable.Value ?? "").split("\n");
  return (
    <code className={classes.value}>
      {first}
      {more.length > 0 && <span className="dim">{t(" +{n} lines", { n: more.length })}</span>}
    </code>
  );
}

export function ScopeShown({ scope }: { scope: Scope | null }) {
  const { values } = useSheet();
  const parts = scopeOf(scope);
  if (parts.length === 0) return <span className="dim">{t("everywhere")}</span>;
  return (
    <span className={classes.chips}>
      {parts.map(({ dimension, id }) => (
        <span key={`${dimension}:${id}`} className={classes.chip} data-dimension={dimension}>
          {nameIn(values, dimension, id)}
        </span>
      ))}
    </span>
  );
}

export function ScopeEdit({ variable, onEnd }: { variable: Variable; onEnd: (to: Leaving) => void }) {
  const { change } = useSheet();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys inside are for the list, not for the grid
    <div onKeyDown={(e) => e.stopPropagation()} className={classes.input}>
      <ScopePick
        value={variable.Scope}
        autoFocus
        onDone={onEnd}
        onChange={(Scope) => change((all) => changeOne(all, variable.Id, (v) => ({ ...v, Scope })))}
      />
    </div>
  );
}
