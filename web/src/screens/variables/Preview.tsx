import { Select, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Read } from "~/ui/state";
import { BranchBar } from "../git/BranchBar";
import { useBranch } from "../git/useBranch";
import { readOnly } from "./AllVariables";
import { ScopeShown } from "./Cells";
import classes from "./Preview.module.css";
import { SheetContext } from "./sheet";
import { VariableTabs } from "./Tabs";
import type { Variable, VariableSet } from "./variables";

// Preview shows which value each variable has at a place, and why.
export default function Preview() {
  const project = useGet("/api/{spaceId}/projects/{id}", { id: useParam("project") });
  return (
    <Read of={project}>
      {(data) => (
        <Page title={t("Preview of variables")}>
          <VariableTabs project={data.Slug} />
          <Chosen project={data} />
        </Page>
      )}
    </Read>
  );
}

// What the server says of a variable at a place; its description leaves it open.
type Outcome = "Won" | "Tied" | "Outranked" | "Elsewhere";
type Considered = {
  Id: string;
  Value: string | null;
  Owner: string;
  Scope: Variable["Scope"];
  Outcome: Outcome;
  Reason: string;
};
type Previewed = {
  Name: string;
  Value: string | null;
  HasValue: boolean;
  Explanation: { Summary: string; Considered: Considered[] };
};
type Previewing = { Variables: Previewed[]; ScopeValues: VariableSet["ScopeValues"] };

// useFields are what a place is chosen by; the choice lies in the address.
function useFields() {
  const [environment, setEnvironment] = useQueryWord("environment");
  const [machine, setMachine] = useQueryWord("machine");
  const [action, setAction] = useQueryWord("action");
  const [channel, setChannel] = useQueryWord("channel");
  const [tenant, setTenant] = useQueryWord("tenant");
  const machines = useGet("/api/{spaceId}/machines/all", {}, { enabled: useMay("MachineView") });
  const tenants = useGet("/api/{spaceId}/tenants/all", {}, { enabled: useMay("TenantView") });
  const here = (machines.data ?? []).filter((m) => !environment || m.EnvironmentIds?.includes(environment));
  return {
    query: {
      environment: environment || undefined,
      machine: machine || undefined,
      action: action || undefined,
      channel: channel || undefined,
      tenant: tenant || undefined,
    },
    fields: [
      { label: t("Environment"), value: environment, set: setEnvironment, of: "Environments" as const },
      { label: t("Channel"), value: channel, set: setChannel, of: "Channels" as const },
      { label: t("Step"), value: action, set: setAction, of: "Actions" as const },
      { label: t("Target"), value: machine, set: setMachine, list: here },
      { label: t("Tenant"), value: tenant, set: setTenant, list: tenants.data ?? [] },
    ],
  };
}

function Chosen({ project }: { project: Project }) {
  const { query, fields } = useFields();
  const [branch, choose] = useBranch(project);
  const inGit = project.IsVersionControlled;
  const gitRef = inGit ? `refs/heads/${branch}` : undefined;
  const preview = useGet(
    "/api/{spaceId}/variables/preview",
    {},
    { query: { project: project.Id, gitRef, ...query }, keep: true },
  );
  return (
    <>
      {inGit && <BranchBar project={project} branch={branch} onChoose={choose} />}
      <Read of={preview}>
        {(answer) => {
          const { Variables, ScopeValues } = answer as unknown as Previewing;
          return (
            <SheetContext value={readOnly(ScopeValues)}>
              <section className={`card ${classes.place}`} aria-label={t("Where")}>
                {fields.map((f) => {
                  const list = f.list ?? ScopeValues?.[f.of] ?? [];
                  if (list.length === 0 && !f.value) return null;
                  return (
                    <Select
                      key={f.label}
                      label={f.label}
                      placeholder={t("Not chosen")}
                      searchable
                      clearable
                      data={list.map((d) => ({ value: d.Id, label: d.Name }))}
                      value={f.value || null}
                      onChange={(id) => f.set(id ?? undefined)}
                    />
                  );
                })}
              </section>
              <ul className={`card ${classes.list}`} aria-label={t("Variables here")}>
                {Variables.map((v) => (
                  <One key={v.Name} of={v} />
                ))}
              </ul>
            </SheetContext>
          );
        }}
      </Read>
    </>
  );
}

const shownOf = (value: string | null) => (value === null ? t("secret") : value === "" ? t("empty") : value);

const outcomes: Record<Outcome, string> = {
  Won: t("wins"),
  Tied: t("tied"),
  Outranked: t("outranked"),
  Elsewhere: t("not here"),
};

function One({ of: v }: { of: Previewed }) {
  const [opened, open] = useState(false);
  const winner = v.Explanation.Considered.find((c) => c.Outcome === "Won");
  return (
    <li className={classes.one}>
      <UnstyledButton className={classes.line} aria-expanded={opened} onClick={() => open(!opened)}>
        <IconChevronRight size={15} className={classes.chevron} aria-hidden />
        <code className={classes.name}>{v.Name}</code>
        <span className={classes.value}>
          {v.HasValue ? <code>{shownOf(v.Value)}</code> : <span className="dim">{t("has no value here")}</span>}
        </span>
        <span className={classes.from}>{winner?.Owner}</span>
      </UnstyledButton>
      {opened && (
        <ol className={classes.verdicts} aria-label={t("Values of {name}", { name: v.Name })}>
          {v.Explanation.Considered.map((c) => (
            <li key={`${c.Id} ${c.Outcome}`} data-outcome={c.Outcome}>
              <span className={classes.outcome}>{outcomes[c.Outcome]}</span>
              <div className={classes.about}>
                <div className={classes.candidate}>
                  <code>{shownOf(c.Value)}</code>
                  <ScopeShown scope={c.Scope} />
                  <span className="dim">{c.Owner}</span>
                </div>
                <p className="dim">{c.Reason}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}
