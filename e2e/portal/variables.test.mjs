import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, inBothThemes, onPhone, open, save as saved, settled, shoot, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, environments, library, at, page;
const space = "/Spaces-1";

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World(portal.api.bind(portal));
    environments = await world.environments("Development", "Production");
    const [dev, production] = environments.map((e) => e.Id);
    project = await world.project("Payments", [script("Deploy", "true")], { variables: [
        { Name: "Api.Url", Value: "https://dev", Type: "String", Scope: { Environment: [dev] } },
        { Name: "Api.Url", Value: "https://live", Type: "String", Scope: { Environment: [production] } },
        { Name: "Database.Password", Value: "hunter2", Type: "Sensitive", IsSensitive: true },
        { Name: "Level", Value: "warn", Type: "String", Scope: { Environment: [production] } },
        { Name: "Ticket", Value: "", Type: "String", Prompt: { Label: "Ticket", Description: "", Required: true, DisplaySettings: { "Octopus.ControlType": "SingleLineText" } } },
        { Name: "Where", Value: "#{Api.Url}/v1", Type: "String", Description: "The address" },
    ] });
    library = await portal.api("POST", `${space}/libraryvariablesets`, { Name: "Company defaults", Description: "For all" });
    const set = await portal.api("GET", `${space}/variables/${library.VariableSetId}`);
    await portal.api("PUT", `${space}/variables/${set.Id}`, { ...set, Variables: [{ Name: "Level", Value: "info", Type: "String" }] });
    at = `${space}/projects/${project.Slug}/variables`;
});
after(() => portal?.close());

const read = () => portal.api("GET", `${space}/variables/${project.VariableSetId}`);
const visit = async (address = at, options) => {
    page = await portal.visit(address, options);
    await settled(page);
    return page;
};
const cell = (text) => page.getByRole("gridcell", { name: text, exact: true });
const save = async () => {
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The variables are saved.").first().waitFor();
};
const valueOf = (set, name, value) => set.Variables.find((v) => v.Name === name && (value === undefined || v.Value === value));

test("values are edited by keyboard alone, and nothing else changes", { skip }, async () => {
    const was = await read();
    await visit();
    await cell("https://dev").click();
    await page.keyboard.press("Enter");
    await page.keyboard.type("/v2");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "https://live");
    await page.keyboard.press("F2");
    await page.keyboard.type("nothing");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    await page.keyboard.type("https://elsewhere");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+s");
    await page.getByText("The variables are saved.").first().waitFor();
    const now = await read();
    assert.deepEqual(now.Variables.filter((v) => v.Name === "Api.Url").map((v) => v.Value), ["https://dev/v2", "https://live", "https://elsewhere"]);
    const others = (set) => set.Variables.filter((v) => v.Name !== "Api.Url");
    assert.deepEqual(others(now), others(was));
    await page.context().close();
});

test("a variable is added at the top, gets a scope, and is shown before it is saved", { skip }, async () => {
    await visit();
    await page.getByRole("button", { name: "Add variable" }).first().click();
    await page.keyboard.type("Region");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.type("eu");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: "Production" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Review…" }).click();
    const dialog = page.getByRole("dialog", { name: "What you have changed" });
    await dialog.getByText("Value: eu").waitFor();
    await accessible(page, "the changes of variables");
    await shoot(page, "variables-review");
    await page.keyboard.press("Escape");
    await save();
    assert.deepEqual(valueOf(await read(), "Region").Scope, { Environment: [environments[1].Id] });
    await page.context().close();
});

test("a secret is never shown, and is replaced by what is typed", { skip }, async () => {
    await visit();
    assert.ok(!(await page.content()).includes("hunter2"));
    await page.getByRole("row", { name: /Database.Password/ }).getByRole("gridcell", { name: "secret" }).click();
    await page.keyboard.press("Enter");
    await page.keyboard.type("another");
    await page.keyboard.press("Enter");
    const sent = page.waitForRequest((r) => r.method() === "PUT");
    await save();
    const body = (await sent).postDataJSON();
    assert.equal(valueOf(body, "Database.Password").Value, "another");
    assert.ok(!(await page.content()).includes("another"));
    await page.context().close();
});

test("many variables are pasted at once", { skip }, async () => {
    await visit();
    await page.getByRole("button", { name: "Paste…" }).click();
    await page.getByLabel("Text", { exact: true }).fill("HOST=db\nDB_PASSWORD='s3cret'\nTicket=none");
    const dialog = page.getByRole("dialog", { name: "Paste variables" });
    await dialog.getByRole("row", { name: /Ticket/ }).getByText("replaces a value").waitFor();
    await accessible(page, "pasting variables");
    await shoot(page, "variables-paste");
    await dialog.getByRole("button", { name: "Take 3 variables" }).click();
    await save();
    const now = await read();
    assert.equal(valueOf(now, "HOST").Value, "db");
    assert.equal(valueOf(now, "DB_PASSWORD").Type, "Sensitive");
    assert.equal(valueOf(now, "Ticket").Value, "none");
    assert.equal(valueOf(now, "Ticket").Prompt.Required, true);
    await page.context().close();
});

test("two people edit variables: what only one changed comes together, what both changed is asked about", { skip }, async () => {
    await visit();
    await cell("warn").click();
    await page.keyboard.press("Enter");
    await page.keyboard.type("ing");
    await page.keyboard.press("Enter");
    const theirs = await read();
    valueOf(theirs, "Level").Value = "error";
    valueOf(theirs, "HOST").Value = "db2";
    await portal.api("PUT", `${space}/variables/${theirs.Id}`, theirs);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Changed in the meantime" });
    await dialog.getByText("1 change of theirs is taken over").waitFor();
    await dialog.getByRole("region", { name: "Level" }).getByText("Value: warning").waitFor();
    await accessible(page, "the conflict of variables");
    await shoot(page, "variables-conflict");
    await dialog.getByRole("button", { name: "Save both together" }).click();
    await page.getByText("The variables are saved.").first().waitFor();
    const now = await read();
    assert.equal(valueOf(now, "Level").Value, "warning");
    assert.equal(valueOf(now, "HOST").Value, "db2");
    await page.context().close();
});

test("a library set is included, and the preview says which value wins and why", { skip }, async () => {
    await visit(`${at}/library`);
    await page.getByRole("combobox", { name: "Sets to include" }).click();
    await page.getByRole("option", { name: "Company defaults" }).click();
    await page.getByRole("button", { name: "Include" }).click();
    await page.getByRole("link", { name: "Company defaults" }).waitFor();
    await page.getByRole("link", { name: "Preview" }).click();
    const level = page.getByRole("button", { name: /^Level/ });
    await level.filter({ hasText: "info" }).waitFor();
    await page.getByRole("combobox", { name: "Environment" }).click();
    await page.getByRole("option", { name: "Production" }).click();
    await level.filter({ hasText: "warning" }).click();
    const values = page.getByRole("list", { name: "Values of Level" });
    await values.getByRole("listitem").filter({ hasText: "wins" }).filter({ hasText: "Production" }).waitFor();
    await values.getByRole("listitem").filter({ hasText: "outranked" }).filter({ hasText: "Company defaults" }).waitFor();
    await page.context().close();
});

test("tenants are asked for the templates of a project and of a library set", { skip }, async () => {
    await visit(at);
    await page.getByRole("link", { name: "Project templates" }).click();
    await page.getByRole("button", { name: "Add template" }).click();
    await page.getByLabel("Variable name").fill("Db.Host");
    await page.getByLabel("Label").fill("Database host");
    await page.getByLabel("Default value").fill("db.local");
    await saved(page);
    await page.goto(`${portal.server.url}/app#${space}/library/variables/${library.Id}`);
    await page.getByRole("link", { name: "Templates and settings" }).click();
    await page.getByRole("button", { name: "Add template" }).click();
    await page.getByLabel("Variable name").fill("Alias");
    await page.getByRole("combobox", { name: "Kind" }).click();
    await page.getByRole("option", { name: "Choice" }).click();
    await page.getByLabel("Choices").fill("eu|Europe\nus|America");
    await page.getByLabel("Name", { exact: true }).fill("Defaults");
    await saved(page);
    const set = await portal.api("GET", `${space}/libraryvariablesets/${library.Id}`);
    assert.equal(set.Name, "Defaults");
    assert.equal(set.Templates[0].DisplaySettings["Octopus.SelectOptions"], "eu|Europe\nus|America");
    // What a tenant of the project is asked for is just that.
    const tenant = await portal.api("POST", `${space}/tenants`, { Name: "Globex", ProjectEnvironments: { [project.Id]: [environments[0].Id] } });
    await page.goto(`${portal.server.url}/app#${space}/tenants/${tenant.Id}/variables`);
    await page.getByRole("textbox", { name: /^Database host in Development/ }).waitFor();
    await page.getByRole("combobox", { name: /^Alias/ }).click();
    await page.getByRole("option", { name: "America" }).waitFor();
    await page.context().close();
});

test("who may not edit variables can read them, and nothing is offered", { skip }, async () => {
    const password = "Reader-password-1";
    const user = await portal.api("POST", "/users", { Username: "reader", DisplayName: "Reader", Password: password, IsActive: true });
    const role = await portal.api("POST", "/userroles", { Name: "Variable reader", GrantedSpacePermissions: ["ProjectView", "VariableView", "EnvironmentView"] });
    const team = await portal.api("POST", "/teams", { Name: "Readers", MemberUserIds: [user.Id], SpaceId: "Spaces-1" });
    await portal.api("POST", "/scopeduserroles", { TeamId: team.Id, UserRoleId: role.Id, SpaceId: "Spaces-1" });
    await visit(at, { as: { username: "reader", password } });
    await cell("warning").dblclick();
    await page.getByRole("dialog").getByRole("button", { name: "Back" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Add variable" }).count(), 0);
    await page.context().close();
});

test("the screens of variables are accessible and fit a phone", { skip }, async () => {
    await inBothThemes(portal, "variables", at);
    await inBothThemes(portal, "variables-all", `${at}/all`);
    await inBothThemes(portal, "variables-preview", `${at}/preview?environment=${environments[1].Id}`, { ready: (p) => p.getByRole("button", { name: /^Level/ }).click() });
    await inBothThemes(portal, "variables-library", `${at}/library`);
    await inBothThemes(portal, "variables-edit", at, { ready: async (p) => {
        await p.getByRole("button", { name: "Actions for Where" }).click();
        await p.getByRole("menuitem", { name: /Edit/ }).click();
        await p.getByRole("textbox", { name: "Value" }).waitFor();
    } });
    await inBothThemes(portal, "library-sets", `${space}/library/variables`);
    await inBothThemes(portal, "library-set", `${space}/library/variables/${library.Id}`);
    await inBothThemes(portal, "library-set-settings", `${space}/library/variables/${library.Id}/settings`);
    await inBothThemes(portal, "project-templates", `${at}/templates`);
    await onPhone(portal, "project-templates", `${at}/templates`);
    await onPhone(portal, "variables", at);
    await onPhone(portal, "variables-preview", `${at}/preview`);
});
