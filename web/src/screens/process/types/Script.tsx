import { SegmentedControl } from "@mantine/core";
import { t } from "~/text/t";
import type { Language } from "~/ui/code/completion";
import { useEditor } from "../editor";
import { Code, Flag, Text, useProperty } from "../parts/fields";
import { PackageField } from "../parts/PackageField";

const source = "Octopus.Action.Script.ScriptSource";
const syntax = "Octopus.Action.Script.Syntax";

export const syntaxes: { value: Language; label: string }[] = [
  { value: "Bash", label: "Bash" },
  { value: "PowerShell", label: "PowerShell" },
  { value: "Python", label: "Python" },
  { value: "CSharp", label: "C#" },
];

// Script is the form of scripts, given here or in a package.
export function Script() {
  const [from, setFrom] = useProperty(source);
  const [language, setLanguage] = useProperty(syntax);
  const { mayEdit } = useEditor();
  const isPackaged = from.toLowerCase() === "package";
  const known = syntaxes.find((s) => s.value.toLowerCase() === language.toLowerCase())?.value;
  return (
    <>
      <SegmentedControl
        aria-label={t("Where the script is")}
        size="xs"
        w="fit-content"
        disabled={!mayEdit}
        data={[
          { value: "Inline", label: t("Written here") },
          { value: "Package", label: t("In a package") },
        ]}
        value={isPackaged ? "Package" : "Inline"}
        onChange={setFrom}
      />
      {isPackaged ? (
        <>
          <PackageField />
          <Text
            name="Octopus.Action.Script.ScriptFileName"
            label={t("Script file")}
            description={t("Its path inside the package, such as deploy/run.sh.")}
          />
          <Text name="Octopus.Action.Script.ScriptParameters" label={t("Parameters")} />
        </>
      ) : (
        <>
          <SegmentedControl
            aria-label={t("Language")}
            size="xs"
            w="fit-content"
            disabled={!mayEdit}
            data={syntaxes}
            value={known ?? ""}
            onChange={setLanguage}
          />
          <Code name="Octopus.Action.Script.ScriptBody" label={t("Script")} language={known ?? "Text"} rows={14} />
        </>
      )}
      <Flag
        name="Octopus.Action.FailScriptOnErrorOutput"
        label={t("Fail when the script writes to its error output")}
      />
    </>
  );
}
