import { useQueryClient } from "@tanstack/react-query";
import { getOptions, useSpaceId } from "~/api/query";
import type { Choice } from "./Chooser";
import type { NewAction, Properties } from "./steps";
import { newOf } from "./types/registry";

// useMaker makes the action of a choice: of a built-in type as it begins, of a
// step template with its values.
export function useMaker() {
  const cache = useQueryClient();
  const spaceId = useSpaceId();
  return async (choice: Choice): Promise<{ name: string; action: NewAction }> => {
    if (choice.IsBuiltIn) return { name: choice.Name, action: newOf(choice.Type) };
    const template = await cache.fetchQuery(
      getOptions("/api/{spaceId}/actiontemplates/{id}", { spaceId, id: choice.Id }),
    );
    const defaults = (template.Parameters ?? []).map((p) => [p.Name, p.DefaultValue ?? ""]);
    const Properties = {
      ...newOf(template.ActionType).Properties,
      ...template.Properties,
      ...Object.fromEntries(defaults.filter(([, value]) => value !== "")),
      "Octopus.Action.Template.Id": template.Id,
      "Octopus.Action.Template.Version": String(template.Version),
    } as Properties;
    return {
      name: template.Name,
      action: { ActionType: template.ActionType, Properties, Packages: template.Packages ?? [] },
    };
  };
}
