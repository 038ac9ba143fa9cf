import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, page;
const space = "/Spaces-1";

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World(portal.api.bind(portal));
    await world.environments("Development", "Staging", "Production");
    project = await world.project("Payments", [{
        Name: "Deploy", Condition: "Success", StartTrigger: "StartAfterPrevious", Properties: { "Octopus.Action.TargetRoles": "web" },
        Actions: [{ Name: "Deploy", ActionType: "Octopus.TentaclePackage", Properties: {}, Packages: [{ Name: "", PackageId: "web", FeedId: "feeds-builtin" }] }],
    }]);
});
after(() => portal?.close());

const at = () => `${space}/projects/${project.Slug}/deployments/channels`;

test("a channel is made with a rule, and changed", { skip }, async () => {
    page = await portal.visit(at());
    await settled(page);
    await page.getByRole("link", { name: "Add channel" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Hotfix");
    await page.getByRole("button", { name: "Add version rule" }).click();
    await page.getByRole("combobox", { name: "Packages" }).click();
    await page.getByRole("option", { name: /Deploy/ }).click();
    await page.keyboard.press("Escape");
    await page.getByLabel("Version range").fill("[1.0,");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "cannot be read" }).waitFor();
    await page.getByLabel("Version range").fill("[1.0,2.0)");
    await page.getByLabel("Try a version").fill("2.1");
    await page.getByText("It is not in the range.").waitFor();
    await page.getByLabel("Try a version").fill("1.4.0");
    await page.getByText("It fits", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Hotfix" }).waitFor();
    const { Items } = await portal.api("GET", `${space}/projects/${project.Id}/channels`);
    const made = Items.find((c) => c.Name === "Hotfix");
    assert.deepEqual(made.Rules.map((r) => [r.VersionRange, r.ActionPackages]), [["[1.0,2.0)", [{ DeploymentAction: "Deploy", PackageReference: "" }]]]);
    await page.getByLabel("Description").fill("For emergencies");
    await save(page);
    const now = await portal.api("GET", `${space}/channels/${made.Id}`);
    assert.deepEqual({ ...now, LastModifiedOn: "" }, { ...made, Description: "For emergencies", LastModifiedOn: "" });
    await page.context().close();
});

test("a channel asks for fields of its own when a release is created", { skip }, async () => {
    const ticketed = await world.project("Ticketed", [script("Run", "true")]);
    const { Items: [channel] } = await portal.api("GET", `${space}/projects/${ticketed.Id}/channels`);
    page = await portal.visit(`${space}/projects/${ticketed.Slug}/deployments/channels/edit/${channel.Id}`);
    await page.getByRole("button", { name: "Add field" }).click();
    await page.getByLabel("Name of the field").fill("Ticket");
    await page.getByLabel("What it is for").fill("Why it is made");
    await save(page);
    await page.getByRole("link", { name: "Releases" }).click();
    await page.getByRole("link", { name: "Create release…" }).first().click();
    await page.getByText("Why it is made").waitFor();
    await page.getByLabel("Ticket").fill("ACME-7");
    await page.getByRole("button", { name: "Create release" }).click();
    await page.getByRole("heading", { level: 1, name: "Release 0.0.1" }).waitFor();
    await page.getByText("ACME-7").waitFor();
    const { Items: [release] } = await portal.api("GET", `${space}/projects/${ticketed.Id}/releases`);
    assert.deepEqual(release.CustomFields, { Ticket: "ACME-7" });
    await page.context().close();
});

test("phases of a lifecycle are moved by keyboard and deployed to automatically", { skip }, async () => {
    page = await portal.visit(`${space}/library/lifecycles/${world.lifecycle.Id}`);
    await settled(page);
    await page.getByRole("button", { name: "Move Production up" }).click();
    await page.getByLabel("Name", { exact: true }).nth(2).press("Alt+ArrowUp");
    await page.getByRole("combobox", { name: "Deployed to automatically" }).first().click();
    await page.getByRole("option").first().click();
    await page.keyboard.press("Escape");
    await save(page);
    const { Phases } = await portal.api("GET", `${space}/lifecycles/${world.lifecycle.Id}`);
    assert.deepEqual(Phases.map((p) => p.Name), ["Production", "Development", "Staging"]);
    assert.equal(Phases[0].AutomaticDeploymentTargets.length, 1);
    await page.context().close();
});

test("an environment comes and goes with a branch", { skip }, async () => {
    page = await portal.visit(`${space}/infrastructure/environments`);
    await page.getByRole("link", { name: "Parent environments" }).click();
    await page.getByRole("link", { name: "Add parent environment" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Branches");
    await page.getByLabel("Days").fill("3");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Branches" }).waitFor();
    const here = new URL(page.url()).hash.slice(1);
    await page.getByRole("link", { name: "Parent environments" }).click();
    await page.getByRole("row", { name: /Branches after 3 days without a deployment/ }).waitFor();
    await inBothThemes(portal, "parent-environment", here);
    await inBothThemes(portal, "parent-environments", `${space}/infrastructure/parentenvironments`);

    await page.goto(`${portal.server.url}/app#${at()}/create`);
    await page.getByLabel("Name", { exact: true }).fill("Branches");
    await page.getByText("Ephemeral environments", { exact: true }).click();
    await page.getByRole("combobox", { name: "Parent environment" }).click();
    await page.getByRole("option", { name: "Branches" }).click();
    await page.getByLabel("Name of the environment of a release").fill("#{Octopus.Release.Git.BranchName}");
    await page.getByRole("switch", { name: "Deploy to it as soon as there is a release" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Branches" }).waitFor();
    await onPhone(portal, "channel-ephemeral", new URL(page.url()).hash.slice(1));
    await inBothThemes(portal, "channel-ephemeral", new URL(page.url()).hash.slice(1));
    const { Items } = await portal.api("GET", `${space}/projects/${project.Id}/channels`);
    const channel = Items.find((c) => c.Name === "Branches");
    assert.deepEqual([channel.Type, channel.EphemeralEnvironmentNameTemplate, channel.AutomaticEphemeralEnvironmentDeployments],
        ["EphemeralEnvironment", "#{Octopus.Release.Git.BranchName}", true]);
    assert.equal((await portal.api("GET", `${space}/parentenvironments/${channel.ParentEnvironmentId}`)).AutomaticDeprovisioningRule.ExpiryDays, 3);

    await page.goto(`${portal.server.url}/app#${at()}`);
    await page.getByRole("heading", { level: 1, name: "Channels" }).waitFor();
    await page.getByRole("table").waitFor();
    await page.getByRole("link", { name: "Ephemeral environments" }).first().click();
    await page.getByRole("button", { name: "Add ephemeral environment…" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("pr-1");
    await page.getByRole("button", { name: "Add environment" }).click();
    const row = page.getByRole("row", { name: /pr-1/ });
    await row.getByText("Not provisioned").waitFor();
    const address = `${space}/projects/${project.Slug}/ephemeral-environments`;
    await inBothThemes(portal, "ephemeral-environments", address);
    await onPhone(portal, "ephemeral-environments", address);
    await row.getByRole("button", { name: "Take down…" }).click();
    await page.getByRole("button", { name: "Take down pr-1" }).click();
    await page.getByText("No ephemeral environments.").waitFor();
    assert.equal((await portal.api("GET", `${space}/environments/v2?type=Ephemeral`)).TotalResults, 0);
    await page.context().close();
});

test("channels and lifecycles are accessible and fit a phone", { skip }, async () => {
    const { Items } = await portal.api("GET", `${space}/projects/${project.Id}/channels`);
    await inBothThemes(portal, "channels", at());
    await inBothThemes(portal, "channel", `${at()}/edit/${Items.find((c) => c.Name === "Hotfix").Id}`);
    await inBothThemes(portal, "lifecycles", `${space}/library/lifecycles`);
    await inBothThemes(portal, "lifecycle", `${space}/library/lifecycles/${world.lifecycle.Id}`);
    await onPhone(portal, "lifecycle", `${space}/library/lifecycles/${world.lifecycle.Id}`);
    await onPhone(portal, "channels", at());
});
