import { expect, test } from "vitest";
import { allows } from "./session";

const permissions = {
  SystemPermissions: ["UserView"],
  SpacePermissions: {
    ProjectEdit: [{ SpaceId: "Spaces-1", RestrictedToProjectIds: ["Projects-1"] }],
    DeploymentCreate: [
      { SpaceId: "Spaces-1", RestrictedToEnvironmentIds: ["Environments-1"], RestrictedToProjectIds: [] },
    ],
  },
};

test.each([
  ["UserView", "Spaces-9", {}, true],
  ["ProjectEdit", "Spaces-1", {}, true],
  ["ProjectEdit", "Spaces-2", {}, false],
  ["ProjectEdit", "Spaces-1", { project: "Projects-1" }, true],
  ["ProjectEdit", "Spaces-1", { project: "Projects-2" }, false],
  ["DeploymentCreate", "Spaces-1", { project: "Projects-2", environment: "Environments-1" }, true],
  ["DeploymentCreate", "Spaces-1", { environment: "Environments-2" }, false],
  ["TaskCancel", "Spaces-1", {}, false],
])("%s in %s with %o is allowed: %s", (permission, space, scope, want) => {
  expect(allows(permissions, permission, space, scope)).toBe(want);
});
