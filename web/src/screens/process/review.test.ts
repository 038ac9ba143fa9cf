import { expect, test } from "vitest";
import { diff } from "~/ui/difference";
import { written } from "./Review";
import { actionOf, renamed, stepOf, withAction } from "./steps";

const step = stepOf(
  actionOf("Deploy", { ActionType: "Octopus.Script", Properties: { "Octopus.Action.Script.ScriptBody": "a\nb" } }),
);
const changed = (after: typeof step) =>
  diff(written(step), written(after))
    .filter((l) => l.kind !== "same")
    .map((l) => l.text.trim());

test("a new name is all that a rename shows", () => {
  const [after = step] = renamed([step], step.Actions?.[0]?.Id ?? "", "Ship");
  expect(changed(after)).toEqual(["Name: Deploy", "Name: Ship", "Action › Name: Deploy", "Action › Name: Ship"]);
});

test("a script shows the lines that changed", () => {
  const [after = step] = withAction([step], step.Actions?.[0]?.Id ?? "", (a) => ({
    ...a,
    Properties: { "Octopus.Action.Script.ScriptBody": "a\nc" },
  }));
  expect(changed(after)).toEqual(["b", "c"]);
});

test("members and properties are called as in the forms", () => {
  const [after = step] = withAction([step], step.Actions?.[0]?.Id ?? "", (a) => ({
    ...a,
    IsDisabled: true,
    Condition: "Variable",
    Properties: {
      ...a.Properties,
      "Octopus.Action.TargetRoles": "web",
      "Octopus.Action.Email.IsHtml": "True",
      "Slack.Channel": "#ops",
    },
  }));
  expect(changed(after)).toEqual([
    "Action › It runs when: all steps before it succeeded",
    "Action › Disabled: yes",
    "Action › It runs when: an expression is true",
    "Action › Target tags: web",
    "Action › Email, is html: yes",
    "Action › Slack.Channel: #ops",
  ]);
});
