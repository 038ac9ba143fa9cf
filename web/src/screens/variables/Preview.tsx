import { Select, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useGet } from "~/api/query";
import type { Project } from "~/api/wire";
import { useParam, useQueryWord } from "~/app/navigation";
import { useMay } from "~/app/session";
import { t } from "~/text/t";
import { Page } from "~/ui/Page";
import { Loading, Read } from "~/ui/state";
import { readOnly } from "./AllVariables";
import { ScopeShown } from "./Cells";
import { type Explained, explainAll, type Outcome, type Place, substituted } from "./explain";
import classes from "./Preview.module.css";
import { SheetContext } from "./sheet";
import { allOf, type Sourced, useSources } from "./sources";
import { VariableTabs } from "./Tabs";
import { isSensitive } from "./variables";

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

const listOf = (text: string | undefined) =>
  (text ?? "")
    .split(",")
    .map((w) => w.trim())
    .filter(Boolean);

// usePlace is the place that the address names, with what is known of it.
function usePlace(project: Project) {
  const [environment, setEnvironment] = useQueryWord("environment");
  const [machine, setMachine] = useQueryWord("machine");
  const [action, setAction] = useQueryWord("action");
  const [channel, setChannel] = useQueryWord("channel");
  const [tenant, setTenant] = useQueryWord("tenant");
  const machines = useGet("/api/{spaceId}/machines/all", {}, { enabled: useMay("MachineView") });
  const tenants = useGet("/api/{spaceId}/tenants/all", {}, { enabled: useMay("TenantView") });
  const process = useGet(
    "/api/{spaceId}/deploymentprocesses/{id}",
    { id: project.DeploymentProcessId },
    { enabled: !project.IsVersionControlled },
  );
  const step = process.data?.Steps?.find((s) => s.Actions?.some((a) => a.Id === action));
  const tags = step?.Properties?.["Octopus.Action.TargetRoles"];
  const place: Place = {
    environment,
    machine,
    action,
    channel,
    process: project.Id,
    machineTags: machines.data?.find((m) => m.Id === machine)?.Roles ?? [],
    stepTags: listOf(typeof tags === "string" ? tags : ""),
    tenantTags: tenants.data?.find((x) => x.Id === tenant)?.TenantTags ?? [],
  };
  const here = (machines.data ?? []).filter((m) => !environment || m.EnvironmentIds?.includes(environment));
  return {
    place,
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
  const { sources, isPending } = useSources(project);
  const { place, fields } = usePlace(project);
  if (isPending) return <Loading />;
  const values = sources[0]?.set.ScopeValues ?? null;
  const explained = explainAll(allOf(sources), place);
  const won = new Map(explained.flatMap((e) => (e.winner ? [[e.name.toLowerCase(), e.winner.variable]] : [])));
  return (
    <SheetContext value={readOnly(values)}>
      <section className={`card ${classes.place}`} aria-label={t("Where")}>
        {fields.map((f) => {
          const list = f.list ?? values?.[f.of] ?? [];
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
        {explained.map((e) => (
          <One key={e.name} explained={e} filled={(text) => substituted(text, won)} />
        ))}
      </ul>
    </SheetContext>
  );
}

const shownOf = ({ variable }: Sourced) =>
  isSensitive(variable) ? t("secret") : variable.Value === "" ? t("empty") : (variable.Value ?? "");

const outcomes: Record<Outcome, string> = {
  wins: t("wins"),
  tied: t("tied"),
  outranked: t("outranked"),
  elsewhere: t("not here"),
};

const sourceOf = ({ source }: Sourced) => (source.library ? source.name : t("This project"));

function One({ explained, filled }: { explained: Explained; filled: (text: string) => string }) {
  const [opened, open] = useState(false);
  const { winner, verdicts, name } = explained;
  const text = winner ? shownOf(winner) : "";
  const full = winner && !isSensitive(winner.variable) ? filled(text) : text;
  return (
    <li className={classes.one}>
      <UnstyledButton className={classes.line} aria-expanded={opened} onClick={() => open(!opened)}>
        <IconChevronRight size={15} className={classes.chevron} aria-hidden />
        <code className={classes.name}>{name}</code>
        <span className={classes.value}>
          {winner ? <code>{full}</code> : <span className="dim">{t("has no value here")}</span>}
          {winner && full !== text && <code className="dim"> {text}</code>}
        </span>
        <span className={classes.from}>{winner ? sourceOf(winner) : ""}</span>
      </UnstyledButton>
      {opened && (
        <ol className={classes.verdicts} aria-label={t("Values of {name}", { name })}>
          {verdicts.map((v) => (
            <li key={v.value.variable.Id} data-outcome={v.outcome}>
              <span className={classes.outcome}>{outcomes[v.outcome]}</span>
              <div className={classes.about}>
                <div className={classes.candidate}>
                  <code>{shownOf(v.value)}</code>
                  <ScopeShown scope={v.value.variable.Scope} />
                  <span className="dim">{sourceOf(v.value)}</span>
                </div>
                <p className="dim">{v.reason}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}
