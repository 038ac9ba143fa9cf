import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { request } from "~/api/client";
import { useGet, useSpaceId } from "~/api/query";
import type { Wire } from "~/api/wire";
import { useParam } from "~/app/navigation";
import { to } from "~/app/to";
import { t } from "~/text/t";
import { CodeEditor } from "~/ui/code/CodeEditor";
import type { Language } from "~/ui/code/completion";
import { DocumentForm, named } from "~/ui/form/DocumentForm";
import form from "~/ui/form/form.module.css";
import { NameFields } from "~/ui/form/NameFields";
import { Section } from "~/ui/Section";
import { Read } from "~/ui/state";
import { syntaxes } from "../process/types/Script";

type Set = Wire<"LibraryVariableSet">;
type Variables = Wire<"VariableSet">;
// A module is a variable set with two variables: its text and its language.
type Module = Set & { Syntax: string; Body: string };

const bodyOf = (name: string) => `Octopus.Script.Module[${name}]`;
const syntaxOf = (name: string) => `Octopus.Script.Module.Language[${name}]`;

const blank = {
  Id: "",
  Name: "",
  Description: "",
  ContentType: "ScriptModule",
  Syntax: "Bash",
  Body: "",
} as unknown as Module;

export default function ModulePage() {
  const id = useParam("module");
  const isNew = id === "create";
  const set = useGet("/api/{spaceId}/libraryvariablesets/{id}", { id }, { enabled: !isNew });
  const variables = useGet("/api/{spaceId}/variables/{id}", { id: set.data?.VariableSetId ?? "" });
  if (isNew) return <Form module={blank} />;
  return (
    <Read of={set}>{(s) => <Read of={variables}>{(v) => <Existing key={s.Id} set={s} variables={v} />}</Read>}</Read>
  );
}

function Existing({ set, variables }: { set: Set; variables: Variables }) {
  const module = useMemo(() => {
    const value = (prefix: string) => variables.Variables?.find((v) => v.Name.startsWith(prefix))?.Value ?? "";
    return { ...set, Body: value("Octopus.Script.Module["), Syntax: value("Octopus.Script.Module.Language[") };
  }, [set, variables]);
  return <Form module={module as Module} />;
}

// keepText puts the text of a module into its variables.
async function keepText(spaceId: string, { Syntax, Body }: Module, answer: Module): Promise<Module> {
  const params = { spaceId, id: answer.VariableSetId };
  const set = await request("get", "/api/{spaceId}/variables/{id}", { params });
  const Variables = [
    { Name: bodyOf(answer.Name), Value: Body, Type: "String", Scope: {} },
    { Name: syntaxOf(answer.Name), Value: Syntax, Type: "String", Scope: {} },
  ];
  await request("put", "/api/{spaceId}/variables/{id}", { params, body: { ...set, Variables } });
  return { ...answer, Syntax, Body };
}

function Form({ module }: { module: Module }) {
  const space = useSpaceId();
  return (
    <DocumentForm
      collection="/api/{spaceId}/libraryvariablesets"
      document={module}
      name={module.Name}
      add={t("Add script module")}
      remove={[t("Delete module"), t("The server refuses this while a project includes the module, and says which.")]}
      list={{ label: t("Script modules"), to: to.scriptModules(space) }}
      place={(made) => to.scriptModule(space, made.Id)}
      may={{
        edit: "LibraryVariableSetEdit",
        add: "LibraryVariableSetCreate",
        delete: "LibraryVariableSetDelete",
      }}
      touches={["variables"]}
      sent={({ Syntax: _, Body: __, ...set }) => set}
      also={(sent, answer) => keepText(space, sent, answer)}
      why={named}
    >
      {({ value, put, readOnly, ...rest }) => (
        <>
          <Section title={t("Module")}>
            <div className={form.fields}>
              <NameFields value={value} put={put} readOnly={readOnly} {...rest} />
            </div>
          </Section>
          <Section title={t("Script")}>
            <div className={form.fields}>
              <SegmentedControl
                aria-label={t("Language")}
                size="xs"
                w="fit-content"
                disabled={readOnly}
                data={syntaxes}
                value={value.Syntax || "Bash"}
                onChange={(Syntax) => put({ Syntax })}
              />
              <CodeEditor
                label={t("Functions")}
                language={(value.Syntax || "Bash") as Language}
                rows={16}
                readOnly={readOnly}
                value={value.Body}
                onChange={(Body) => put({ Body })}
              />
            </div>
          </Section>
        </>
      )}
    </DocumentForm>
  );
}
