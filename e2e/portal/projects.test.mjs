// A project's settings, the comparison of its releases, its tasks, and the
// dashboard's filters.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, inBothThemes, onPhone, open, save, settled, shoot, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, other, group;
const root = "/Spaces-1/projects/acme-web";

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    group = await world.group("Shops");
    const value = (Value) => [{ Id: "00000000-0000-0000-0000-000000000001", Name: "Greeting", Value, Type: "String", Scope: {} }];
    project = await world.project("Acme Web", [script("Say hello", "echo hello"), script("Say bye", "echo bye")], { variables: value("hello") });
    other = await world.project("Billing", [script("Say hello", "echo hello")], { group });
    const first = await world.release(project, "1.0.0");
    await world.ended(await world.deploy(first, world.stages[0]));
    await world.ended(await world.deploy(await world.release(other, "7.0.0"), world.stages[0]));
    const process = await portal.api("GET", `/Spaces-1/projects/${project.Id}/deploymentprocesses`);
    process.Steps[0].Actions[0].Properties["Octopus.Action.Script.ScriptBody"] = "echo hello\necho again";
    await world.steps(project, [process.Steps[0], script("Say more", "echo more")]);
    const set = await portal.api("GET", `/Spaces-1/variables/${project.VariableSetId}`);
    await portal.api("PUT", `/Spaces-1/variables/${project.VariableSetId}`, { ...set, Variables: set.Variables.map((v) => ({ ...v, Value: "good day" })) });
    await world.release(project, "1.1.0", { ReleaseNotes: "Says **more**." });
});
after(() => portal?.close());

test("the overview of a project shows its releases by channel where it has several", { skip }, async () => {
    const channel = await portal.api("POST", "/Spaces-1/channels", { Name: "Hotfix", ProjectId: other.Id });
    await world.release(other, "6.0.0", { ChannelId: channel.Id });
    const at = `/Spaces-1/projects/${other.Slug}`;
    const page = await portal.visit(at);
    await page.getByRole("radiogroup", { name: "Rows" }).getByText("By channel").click();
    await page.getByRole("region", { name: "Releases of channel Hotfix" }).getByRole("link", { name: "6.0.0", exact: true }).waitFor();
    await page.getByRole("region", { name: "Releases of channel Default" }).getByRole("link", { name: "7.0.0", exact: true }).waitFor();
    assert.match(page.url(), /groupBy=Channel$/);
    await page.context().close();
    await inBothThemes(portal, "overview-channels", `${at}?groupBy=Channel`);
});

test("the overview of a project shows what its tenants have, and deploys to one that has another release", { skip }, async () => {
    const [dev, prod] = world.stages;
    const made = await world.project("Tenanted", [script("Say hello", "echo hello")]);
    await portal.api("PUT", `/Spaces-1/projects/${made.Id}`, { ...made, TenantedDeploymentMode: "TenantedOrUntenanted" });
    const connect = (Name, ...stages) => portal.api("POST", "/Spaces-1/tenants", { Name, ProjectEnvironments: { [made.Id]: stages.map((e) => e.Id) } });
    const acme = await connect("Acme", dev, prod);
    await connect("Bolt", dev);
    const release = await world.release(made, "1.0.0");
    await world.ended(await world.deploy(release, dev, { TenantId: acme.Id }));
    await world.ended(await world.deploy(release, dev));
    const at = `/Spaces-1/projects/${made.Slug}/deployments`;
    const page = await portal.visit(at);
    await page.getByRole("radiogroup", { name: "Rows" }).getByText("Tenants").click();
    await page.getByRole("row", { name: /Untenanted.*1\.0\.0/ }).waitFor();
    await page.getByRole("row", { name: /Acme.*1\.0\.0/ }).waitFor();
    await page.getByRole("combobox", { name: "Release to deploy" }).click();
    await page.getByRole("option", { name: "1.0.0" }).click();
    await page.getByRole("link", { name: "Deploy 1.0.0 to Production for Acme" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Deploy 1.0.0 to Development for Acme" }).count(), 0, "it is there already");
    assert.equal(await page.getByRole("link", { name: "Deploy 1.0.0 to Production for Bolt" }).count(), 0, "it is not connected there");
    await page.getByRole("link", { name: "Deploy 1.0.0 to Development for Bolt" }).click();
    await page.getByRole("button", { name: "Deploy to Development" }).click();
    await page.getByRole("heading", { level: 1, name: "Deploy 1.0.0 to Development" }).waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByRole("row", { name: /Bolt.*1\.0\.0/ }).waitFor();
    assert.match(page.url(), /groupBy=Tenant/);
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("bo");
    await page.getByRole("row", { name: /Acme/ }).waitFor({ state: "detached" });
    await page.context().close();
    await inBothThemes(portal, "overview-tenants", `${at}?groupBy=Tenant&release=1.0.0`);
    await onPhone(portal, "overview-tenants", `${at}?groupBy=Tenant&release=1.0.0`);
});

test("a starred project stands in the menu, in this browser and for this person", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects");
    const menu = page.getByRole("region", { name: "Starred projects" });
    await page.getByRole("button", { name: "Star Acme Web" }).click();
    await menu.getByRole("link", { name: "Acme Web" }).click();
    await page.getByRole("heading", { level: 1, name: "Acme Web" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Star Acme Web", pressed: true }).click();
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects`);
    await page.getByRole("button", { name: "Star Acme Web", pressed: false }).waitFor();
    assert.equal(await menu.count(), 0);
    await page.context().close();
});

test("the overview says how the latest deployments went", { skip }, async () => {
    const { Items } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/releases`);
    await world.ended(await world.deploy(Items.find((r) => r.Version === "1.0.0"), world.stages[0]));
    const page = await portal.visit(root);
    await page.getByRole("img", { name: /\d of the last \d deployments succeeded/ }).waitFor();
    await page.getByRole("link", { name: /of the last \d deployments succeeded/ }).click();
    await page.getByRole("heading", { level: 1, name: "Tasks" }).waitFor();
    await page.context().close();
});

test("filters of a list are saved, used again and forgotten", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/tasks");
    await settled(page);
    assert.equal(await page.getByRole("button", { name: "Saved filters" }).count(), 0, "there is nothing to save");
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("option", { name: "Failed" }).click();
    await page.getByRole("button", { name: "Saved filters" }).click();
    await page.getByRole("menuitem", { name: "Save these filters…" }).click();
    await page.getByLabel("Name", { exact: true }).fill("What failed");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.goto(`${portal.server.url}/app#/Spaces-1/tasks`);
    await page.getByRole("button", { name: "Saved filters" }).click();
    await page.getByRole("menuitem", { name: "What failed", exact: true }).click();
    await page.waitForURL(/states=Failed(,|%2C)TimedOut/);
    assert.equal(await page.getByRole("combobox", { name: "State" }).inputValue(), "Failed");
    await page.getByRole("button", { name: "Saved filters" }).click();
    await page.getByRole("menuitem", { name: "Forget What failed" }).click();
    await page.goto(`${portal.server.url}/app#/Spaces-1/tasks`);
    await page.getByRole("button", { name: "Saved filters" }).waitFor({ state: "detached" });
    await page.context().close();
});

test("two releases are compared: the process and the variables", { skip }, async () => {
    const page = await portal.visit(`${root}/deployments/releases/1.1.0`);
    await page.getByRole("link", { name: "Compare…" }).click();
    const process = page.getByRole("region", { name: "Process" });
    await process.getByText("3 differences").waitFor();
    await process.getByText("echo again").waitFor();
    await process.getByRole("heading", { name: "Say bye removed" }).waitFor();
    await process.getByRole("heading", { name: "Say more added" }).waitFor();
    const variables = page.getByRole("region", { name: "Variables" });
    await variables.getByText("1 difference").waitFor();
    await variables.getByText("good day").waitFor();
    await page.goto(`${portal.server.url}/app#${root}/deployments/releases/1.0.0/compare/1.1.0`);
    await page.getByRole("heading", { name: "Say bye added" }).waitFor();
    await page.context().close();
});

test("a project is renamed, numbered otherwise, disabled and cloned in its settings", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects/billing/settings");
    await page.getByLabel("Description").fill("Sends the bills.");
    await page.getByLabel("Template", { exact: true }).fill("2026.#{Octopus.Version.NextMinor}");
    await page.getByRole("combobox", { name: "When a step fails" }).click();
    await page.getByRole("option", { name: "Ask what to do" }).click();
    await page.getByRole("checkbox", { name: "Go on where there is no target at all" }).check();
    await save(page);
    const saved = await portal.api("GET", `/Spaces-1/projects/${other.Id}`);
    assert.deepEqual(
        [saved.Description, saved.VersioningStrategy.Template, saved.DefaultGuidedFailureMode, saved.ProjectConnectivityPolicy.AllowDeploymentsToNoTargets],
        ["Sends the bills.", "2026.#{Octopus.Version.NextMinor}", "On", true],
    );
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByText(/^This project is disabled/).waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByText(/^This project is disabled/).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Clone…" }).click();
    await page.getByLabel("Name of the copy").fill("Billing II");
    await page.getByRole("button", { name: "Clone", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Billing II" }).waitFor();

    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/billing-ii/settings`);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete project…" }).click();
    await page.getByRole("dialog", { name: "Delete project Billing II?" }).getByRole("button", { name: "Delete project" }).click();
    await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
    assert.ok(!(await portal.api("GET", "/Spaces-1/projects/all")).some((p) => p.Name === "Billing II"));
    await page.context().close();
});

test("a project has its own tasks", { skip }, async () => {
    const page = await portal.visit(`${root}/tasks`);
    await page.getByRole("link", { name: /Deploy Acme Web/ }).first().waitFor();
    assert.equal(await page.getByRole("link", { name: /Billing/ }).count(), 0);
    await page.context().close();
});

test("the dashboard is narrowed by group and environment, and stays up to date", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await page.getByRole("link", { name: "Billing" }).waitFor();
    await page.getByLabel("Environments").first().click();
    await page.getByRole("option", { name: "Production" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "Development" }).waitFor({ state: "detached" });
    await page.getByLabel("Project group").first().click();
    await page.getByRole("option", { name: "Shops" }).click();
    await page.getByRole("link", { name: "Acme Web" }).waitFor({ state: "detached" });
    await page.goto(`${portal.server.url}/app#/Spaces-1?projectGroupId=${group.Id}&environmentIds=${world.stages[0].Id}`);
    const cell = page.getByRole("row", { name: /Billing/ }).getByRole("link", { name: "Success 7.0.1" });
    await page.getByRole("link", { name: /7\.0\.0/ }).waitFor();
    await world.deploy(await world.release(other, "7.0.1"), world.stages[0]);
    await cell.waitFor();
    await page.context().close();
});

for (const [name, at] of [
    ["compare", `${root}/deployments/releases/1.1.0/compare`],
    ["project-settings", `${root}/settings`],
    ["project-tasks", `${root}/tasks`],
]) {
    test(`the screen ${name} is accessible in both themes and fits a phone`, { skip }, async () => {
        await inBothThemes(portal, name, at);
        await onPhone(portal, name, at);
    });
}

test("the timeline of an environment says what was there when, and leads back to the release before", { skip }, async () => {
    const ledger = await world.project("Ledger", [script("Say hello", "echo hello")]);
    await world.ended(await world.deploy(await world.release(ledger, "7.0.0"), world.stages[0]));
    const release = await world.release(ledger, "7.1.0");
    await world.ended(await world.deploy(release, world.stages[0]));
    const page = await portal.visit(`/Spaces-1/projects/${ledger.Slug}`);
    await page.getByRole("columnheader", { name: "Development" }).getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: "Ledger in Development" }).waitFor();
    await page.getByRole("rowheader", { name: "Today" }).waitFor();
    const row = page.getByRole("row", { name: /7\.1\.0/ });
    await row.getByText("Success").waitFor();
    await page.getByRole("link", { name: "Go back to 7.0.0…" }).click();
    await page.getByRole("heading", { level: 1, name: /Deploy 7\.0\.0/ }).waitFor();
    assert.match(page.url(), new RegExp(`environment=${world.stages[0].Id}$`));
    await page.goBack();
    await row.getByRole("button", { name: "What to do with 7.1.0" }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete deployment" }).click();
    await row.waitFor({ state: "detached" });
    await page.getByRole("row", { name: /7\.0\.0/ }).waitFor();
    assert.equal((await portal.api("GET", `/Spaces-1/releases/${release.Id}/deployments`)).TotalResults, 0);
    await page.context().close();
    const at = `/Spaces-1/projects/${ledger.Slug}/deployments/environments/${world.stages[0].Id}`;
    await inBothThemes(portal, "timeline", at);
    await onPhone(portal, "timeline", at);
});

test("everybody chooses what their dashboard shows, and sees all of it all the same", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await page.getByRole("link", { name: "Acme Web" }).first().waitFor();
    await page.getByRole("button", { name: "Choose what is shown…" }).click();
    const dialog = page.getByRole("dialog", { name: "What your dashboard shows" });
    await dialog.getByLabel("Project groups").first().waitFor();
    await accessible(page, "dashboard-choice");
    await shoot(page, "dashboard-choice");
    await dialog.getByLabel("Project groups").first().click();
    await page.getByRole("option", { name: "Shops" }).click();
    await dialog.getByLabel("Environments").first().click();
    await page.getByRole("option", { name: "Development" }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("This is what you have chosen to see.").waitFor();
    const board = page.getByRole("region", { name: "Releases by project and environment" });
    await board.getByRole("link", { name: "Billing" }).waitFor();
    assert.equal(await board.getByRole("link", { name: "Acme Web" }).count(), 0);
    assert.equal(await board.getByRole("columnheader", { name: "Production" }).count(), 0);
    await page.getByRole("button", { name: "Show everything" }).click();
    await board.getByRole("link", { name: "Acme Web" }).waitFor();
    await page.reload();
    await page.getByText("This is everything, not only what you have chosen.").waitFor();
    await page.getByRole("button", { name: "Choose what is shown…" }).click();
    await dialog.getByRole("button", { name: "Choose nothing, show all" }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("This is everything").waitFor({ state: "detached" });
    await board.getByRole("columnheader", { name: "Production" }).waitFor();
    assert.deepEqual((await portal.api("GET", "/Spaces-1/dashboardconfiguration")).IncludedProjectGroupIds, []);
    await page.context().close();
});
