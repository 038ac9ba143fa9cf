import { Alert, Button, Checkbox, PasswordInput, Select } from "@mantine/core";
import { useGet } from "~/api/query";
import type { Wire } from "~/api/wire";
import { t } from "~/text/t";
import { ExpressionInput } from "~/ui/ExpressionInput";
import { Loading } from "~/ui/state";
import { useEditor, useFocus, useVariableNames } from "../editor";
import { isTrue, type Properties, textOf } from "../steps";
import { useProperty } from "./fields";

type Template = Wire<"ActionTemplate">;
type Parameter = Wire<"Parameter">;

const version = "Octopus.Action.Template.Version";

// Template edits the parameters of a step that was made from a step template.
export function Template({ id }: { id: string }) {
  const template = useGet("/api/{spaceId}/actiontemplates/{id}", { id });
  if (template.error)
    return <Alert variant="default">{t("Its step template is gone. The step still runs as it was.")}</Alert>;
  if (!template.data) return <Loading rows={3} />;
  return <Parameters template={template.data} />;
}

function Parameters({ template }: { template: Template }) {
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const used = textOf(action.Properties, version);
  const isOld = used !== "" && Number(used) < template.Version;
  const update = () =>
    changeAction((a) => {
      const kept = (template.Parameters ?? []).map((p) => [p.Name, a.Properties?.[p.Name] ?? p.DefaultValue ?? ""]);
      const own = Object.entries(a.Properties ?? {}).filter(
        ([name]) => !/^Octopus\.Action\.(Script|Template)\./.test(name),
      );
      const Properties = {
        ...Object.fromEntries(own),
        ...template.Properties,
        ...Object.fromEntries(kept),
        "Octopus.Action.Template.Id": template.Id,
        [version]: String(template.Version),
      } as Properties;
      return { ...a, ActionType: template.ActionType, Properties };
    });
  return (
    <>
      <p className="dim">
        {t("From the step template {name}, version {version}.", { name: template.Name, version: used || "?" })}
      </p>
      {isOld && (
        <Alert variant="default" p="8px 12px">
          {t("Version {n} of the template is there.", { n: template.Version })}{" "}
          <Button variant="subtle" size="compact-xs" onClick={update} disabled={!mayEdit}>
            {t("Update this step")}
          </Button>
        </Alert>
      )}
      {(template.Parameters ?? []).length === 0 && <p className="dim">{t("The template has no parameters.")}</p>}
      {(template.Parameters ?? []).map((p) => (
        <ParameterField key={p.Id || p.Name} parameter={p} />
      ))}
    </>
  );
}

// ParameterField is the control that a parameter asks for.
function ParameterField({ parameter }: { parameter: Parameter }) {
  const [value, set] = useProperty(parameter.Name);
  const { action, changeAction } = useFocus();
  const { mayEdit } = useEditor();
  const variables = useVariableNames();
  const shared = {
    label: parameter.Label || parameter.Name,
    description: parameter.HelpText || undefined,
    disabled: !mayEdit,
  };
  switch (parameter.DisplaySettings?.["Octopus.ControlType"]) {
    case "Checkbox":
      return (
        <Checkbox
          {...shared}
          checked={isTrue(value)}
          onChange={(e) => set(e.currentTarget.checked ? "True" : "False")}
        />
      );
    case "Select":
      return (
        <Select
          {...shared}
          data={optionsOf(parameter.DisplaySettings?.["Octopus.SelectOptions"])}
          value={value || null}
          onChange={(next) => set(next ?? "")}
        />
      );
    case "Sensitive": {
      const kept = action.Properties?.[parameter.Name] as unknown as
        | { HasValue?: boolean; NewValue?: string }
        | string
        | undefined;
      const secret = typeof kept === "object" ? kept : undefined;
      return (
        <PasswordInput
          size="xs"
          {...shared}
          placeholder={secret?.HasValue ? t("Set. Type to replace it.") : undefined}
          value={secret?.NewValue ?? ""}
          onChange={(e) => {
            const next = { HasValue: true, NewValue: e.currentTarget.value } as unknown as Properties[string];
            changeAction((a) => ({ ...a, Properties: { ...a.Properties, [parameter.Name]: next } }));
          }}
        />
      );
    }
    case "MultiLineText":
      return <ExpressionInput {...shared} rows={4} variables={variables} value={value} onChange={set} />;
    default:
      return <ExpressionInput {...shared} variables={variables} value={value} onChange={set} />;
  }
}

const optionsOf = (text: string | undefined) =>
  (text ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [value = "", label] = line.split("|");
      return { value: value.trim(), label: (label ?? value).trim() };
    });
