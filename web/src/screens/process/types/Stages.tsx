import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { t } from "~/text/t";
import type { Language } from "~/ui/code/completion";
import { useFocus } from "../editor";
import { Code } from "../parts/fields";
import classes from "../parts/parts.module.css";
import { textOf } from "../steps";
import { syntaxes } from "./Script";

const endings: Record<string, string> = { Bash: "sh", PowerShell: "ps1", Python: "py", CSharp: "csx" };

const stages = [
  { value: "PreDeploy", label: t("Before") },
  { value: "Deploy", label: t("During") },
  { value: "PostDeploy", label: t("After") },
];

const nameOf = (stage: string, language: string) => `Octopus.Action.CustomScripts.${stage}.${endings[language]}`;

// Stages are the scripts around the deployment of a package: for each stage one
// in each language, of which a machine runs those that it can.
export function Stages() {
  const { action } = useFocus();
  const has = (stage: string, language: string) => textOf(action.Properties, nameOf(stage, language)) !== "";
  const firstUsed = syntaxes.find((s) => stages.some((g) => has(g.value, s.value)))?.value;
  const [language, setLanguage] = useState<Language>(firstUsed ?? "Bash");
  const [stage, setStage] = useState(stages.find((g) => has(g.value, language))?.value ?? "PreDeploy");
  const mark = (label: string, used: boolean) => (used ? `${label} ●` : label);
  return (
    <div className={classes.group}>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
        <SegmentedControl
          aria-label={t("Stage")}
          size="xs"
          data={stages.map((g) => ({
            value: g.value,
            label: mark(
              g.label,
              syntaxes.some((s) => has(g.value, s.value)),
            ),
          }))}
          value={stage}
          onChange={setStage}
        />
        <SegmentedControl
          aria-label={t("Language")}
          size="xs"
          data={syntaxes.map((s) => ({ value: s.value, label: mark(s.label, has(stage, s.value)) }))}
          value={language}
          onChange={(next) => setLanguage(next as Language)}
        />
      </div>
      <Code name={nameOf(stage, language)} label={t("Script")} language={language} rows={8} />
    </div>
  );
}
