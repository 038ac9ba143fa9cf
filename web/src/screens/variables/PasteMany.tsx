import { Button, Checkbox, Group, Modal, Textarea } from "@mantine/core";
import { useState } from "react";
import { many, t } from "~/text/t";
import { Table } from "~/ui/Table";
import classes from "./PasteMany.module.css";
import { looksSecret, type Pasted, read } from "./paste";
import { ScopePick } from "./ScopePick";
import { useSheet } from "./sheet";
import { blank, isSensitive, type Scope, type ScopeValues, sameScope, type Variable, withScope } from "./variables";

type Props = { opened: boolean; text: string; onClose: () => void };

// PasteMany adds many variables at once.
export function PasteMany({ opened, text, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} size={820} title={t("Paste variables")}>
      <Form key={text} text={text} onClose={onClose} />
    </Modal>
  );
}

// scoped is the scope of a pasted line: its own environments, or that for all.
function scoped(item: Pasted, all: Scope, values: ScopeValues | null): { scope: Scope; unknown: string[] } {
  const known = values?.Environments ?? [];
  const found = item.environments.map((name) =>
    known.find((e) => [e.Name.toLowerCase(), e.Id.toLowerCase()].includes(name.toLowerCase())),
  );
  const unknown = item.environments.filter((_, i) => !found[i]);
  const ids = found.flatMap((e) => e?.Id ?? []);
  return { scope: ids.length > 0 ? withScope(all, "Environment", ids) : all, unknown };
}

const same = (v: Variable, name: string, scope: Scope) =>
  v.Name.toLowerCase() === name.toLowerCase() && sameScope(v.Scope, scope);

function Form({ text: begin, onClose }: Omit<Props, "opened">) {
  const { variables, values, change } = useSheet();
  const [text, set] = useState(begin);
  const [scope, setScope] = useState({} as Scope);
  const [secrets, setSecrets] = useState<Record<string, boolean>>({});
  const { items, wrong } = read(text);
  const planned = items.map((item) => {
    const at = scoped(item, scope, values);
    const there = variables.find((v) => same(v, item.name, at.scope));
    const secret = secrets[item.name] ?? (there ? isSensitive(there) : looksSecret(item.name));
    return { item, ...at, there, secret };
  });
  const unknown = [...new Set(planned.flatMap((p) => p.unknown))];
  const add = () => {
    change((all) => {
      let next = all;
      for (const { item, scope: at, secret } of planned) {
        const change = { Value: item.value, Type: secret ? "Sensitive" : "String", IsSensitive: secret };
        const old = next.find((v) => same(v, item.name, at));
        next = old
          ? next.map((v) => (v === old ? { ...v, ...change, Description: item.description || v.Description } : v))
          : [...next, blank({ ...change, Name: item.name, Scope: at, Description: item.description })];
      }
      return next;
    });
    onClose();
  };
  return (
    <div className={classes.form}>
      <Textarea
        label={t("Text")}
        description={t("A .env file, CSV with a first line such as name,value,environments,description, or JSON.")}
        placeholder={"DATABASE_HOST=db.internal\nDATABASE_PORT=5432"}
        minRows={6}
        maxRows={14}
        spellCheck={false}
        data-autofocus
        styles={{ input: { fontFamily: "var(--mono)" } }}
        value={text}
        onChange={(e) => set(e.currentTarget.value)}
      />
      <ScopePick label={t("Scope for all of them")} value={scope} onChange={setScope} />
      {wrong.length + unknown.length > 0 && (
        <ul className={classes.wrong}>
          {wrong.map((w) => (
            <li key={w}>{w}</li>
          ))}
          {unknown.map((name) => (
            <li key={name}>{t("There is no environment {name}; it is left out of the scope.", { name })}</li>
          ))}
        </ul>
      )}
      {planned.length > 0 && (
        <div className={classes.found}>
          <Table label={t("What was found")} head={[t("Name"), t("Value"), t("Sensitive"), t("What happens")]}>
            {planned.map(({ item, there, secret }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same name may come twice
              <tr key={i}>
                <td>
                  <code>{item.name}</code>
                </td>
                <td className={classes.value}>
                  <code>{secret ? "••••••" : item.value}</code>
                </td>
                <td>
                  <Checkbox
                    aria-label={t("{name} is sensitive", { name: item.name })}
                    checked={secret}
                    onChange={(e) => setSecrets({ ...secrets, [item.name]: e.currentTarget.checked })}
                  />
                </td>
                <td className="dim">{there ? t("replaces a value") : t("is added")}</td>
              </tr>
            ))}
          </Table>
        </div>
      )}
      <Group justify="flex-end" gap={8}>
        <Button variant="default" onClick={onClose}>
          {t("Back")}
        </Button>
        <Button onClick={add} disabled={planned.length === 0}>
          {many(planned.length, "Take 1 variable", "Take {n} variables")}
        </Button>
      </Group>
    </div>
  );
}
