import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { World, script } from "./world.mjs";

let portal;
let world;
let projects;
before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...a) => portal.api(...a));
    await world.environments("Development", "Production");
    projects = [await world.project("Shop", [script("Deploy", "echo fine")]), await world.project("Ledger")];
});
after(() => portal?.close());

async function pick(page, label, option) {
    await page.getByRole("combobox", { name: label }).fill(option);
    await page.getByRole("option", { name: option, exact: true }).click();
}

test("a person, a role and a team are made, and the person may do just that", { skip }, async () => {
    const page = await portal.visit("/configuration/users");
    await settled(page);
    await page.getByRole("link", { name: "Add user" }).click();
    await page.getByLabel("User name").fill("ana");
    await page.getByLabel("Shown name").fill("Ana Kim");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: /password/i }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill("Correct-horse-9");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Ana Kim" }).waitFor();

    // A role of one's own, from a built-in one.
    await page.goto(`${portal.server.url}/app#/configuration/roles`);
    await page.getByRole("link", { name: "Project Viewer" }).click();
    await page.getByText("This role is built in").waitFor();
    await page.getByRole("link", { name: "Copy…" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Looker and deployer");
    await page.getByRole("searchbox", { name: "Filter: What it allows in spaces" }).fill("Deploy releases");
    await page.getByRole("checkbox", { name: "Deploy releases" }).check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Looker and deployer" }).waitFor();
    const role = (await portal.api("GET", "/userroles/all")).find((r) => r.Name === "Looker and deployer");
    const viewer = (await portal.api("GET", "/userroles/userroles-projectviewer"));
    assert.deepEqual(role.GrantedSpacePermissions.toSorted(), [...viewer.GrantedSpacePermissions, "DeploymentCreate"].toSorted());

    await page.goto(`${portal.server.url}/app#/configuration/teams/create`);
    await page.getByRole("heading", { level: 1, name: "Add team" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Shop team");
    await pick(page, "Members", "Ana Kim");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Shop team" }).waitFor();
    await page.getByText("No role yet").waitFor();
    await page.getByRole("button", { name: "Give a role…" }).click();
    await pick(page, "Role", "Looker and deployer");
    await pick(page, "Only in projects", "Shop");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Give role" }).click();
    await page.getByRole("row", { name: /Looker and deployer.*Shop/ }).waitFor();
    const [given] = (await portal.api("GET", "/scopeduserroles/all")).filter((g) => g.UserRoleId === role.Id);
    assert.deepEqual([given.SpaceId, given.ProjectIds], ["Spaces-1", [projects[0].Id]]);
    await page.context().close();
});

test("what somebody may do is told with where, and what not", { skip }, async () => {
    const ana = (await portal.api("GET", "/users/all")).find((u) => u.Username === "ana");
    const page = await portal.visit(`/configuration/users/${ana.Id}`);
    await page.getByRole("link", { name: "What may they do?" }).click();
    await page.getByRole("row", { name: /Deploy releases.*Yes.*Shop/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /Delete projects/ }).count(), 0);
    await page.getByRole("switch", { name: "Show also what they may not" }).click();
    await page.getByRole("row", { name: /Delete projects.*No/ }).waitFor();
    await page.context().close();
});

test("who may not is told why, in the server's words", { skip }, async () => {
    const as = { username: "ana", password: "Correct-horse-9" };
    const page = await portal.visit("/Spaces-1/infrastructure/proxies", { as });
    await page.getByText("You may not see this.").waitFor();
    await page.getByText("This page takes the permission ProxyView.").waitFor();
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/${projects[1].Slug}/deployments`);
    await page.getByText(/ProjectView/).first().waitFor();
    // What they may see and not change says so.
    await page.goto(`${portal.server.url}/app#/Spaces-1/library/lifecycles/${world.lifecycle.Id}`);
    await page.getByRole("note").filter({ hasText: "that needs the permission LifecycleEdit" }).waitFor();
    assert.ok(await page.getByLabel("Name", { exact: true }).first().isDisabled());
    // Their own rights are theirs to see.
    await page.goto(`${portal.server.url}/app#/configuration/permissions`);
    const row = page.getByRole("row", { name: /Deploy releases.*Yes.*Shop/ });
    await row.waitFor();
    await row.getByRole("button", { name: "Why: DeploymentCreate" }).click();
    await row.getByText(/ of team /).waitFor();
    await page.context().close();
});

test("somebody is invited, registers by the link and is in the team", { skip }, async () => {
    const team = await portal.api("POST", "/Spaces-1/teams", { Name: "Guests" });
    const page = await portal.visit("/configuration/users");
    await page.getByRole("button", { name: "Invite…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Teams that they join" }).click();
    await page.getByRole("option", { name: "Guests" }).click();
    await page.keyboard.press("Escape");
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const link = await dialog.locator("code").innerText();
    await page.goto(link);
    await page.getByText("You are signed in already.").waitFor();
    await page.context().close();

    const at = link.slice(link.indexOf("#") + 1);
    await inBothThemes(portal, "register", at, { signedIn: false });
    await onPhone(portal, "register", at, { signedIn: false });
    const guest = await portal.visit(at, { signedIn: false });
    await guest.getByLabel("Your name").fill("Gus Guest");
    await guest.getByLabel("User name").fill("gus");
    await guest.getByLabel("Password", { exact: true }).fill("short");
    await guest.getByRole("button", { name: "Register" }).click();
    await guest.getByRole("alert").waitFor();
    await guest.getByLabel("Password", { exact: true }).fill("Correct-horse-10");
    await guest.getByRole("button", { name: "Register" }).click();
    await guest.getByRole("button", { name: "Account of Gus Guest" }).waitFor();
    assert.doesNotMatch(guest.url(), /code=/);
    const { MemberUserIds } = await portal.api("GET", `/teams/${team.Id}`);
    const gus = (await portal.api("GET", "/users/all")).find((u) => u.Username === "gus");
    assert.deepEqual(MemberUserIds, [gus.Id]);
    await guest.context().close();
    const late = await portal.visit(at, { signedIn: false });
    await late.getByLabel("Your name").fill("Late");
    await late.getByLabel("User name").fill("late");
    await late.getByLabel("Password", { exact: true }).fill("Correct-horse-11");
    await late.getByRole("button", { name: "Register" }).click();
    await late.getByRole("alert").filter({ hasText: "still good" }).waitFor();
    await late.context().close();
});

test("what somebody may do is taken away as a table", { skip }, async () => {
    const page = await portal.visit("/configuration/permissions");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
    assert.match(readFileSync(await download.path(), "utf8"), /ProjectView/);
    await page.context().close();
});

test("a service account gets a key and trusts an issuer", { skip }, async () => {
    const page = await portal.visit("/configuration/users/create");
    await page.getByText("A service account").click();
    await page.getByLabel("User name").fill("ci");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "ci" }).waitFor();
    await page.getByRole("button", { name: "New key…" }).click();
    await page.getByLabel("Purpose").fill("Pipelines");
    await page.getByRole("button", { name: "Make key" }).click();
    const key = await page.getByLabel("Key", { exact: true }).inputValue();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("row", { name: /Pipelines/ }).waitFor();
    const me = await (await fetch(`${portal.server.url}/api/users/me`, { headers: { "X-Octopus-ApiKey": key } })).json();
    assert.equal(me.Username, "ci");
    await page.getByRole("button", { name: "Add identity…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Shop on GitHub");
    await dialog.getByLabel("Issuer").fill("https://token.actions.githubusercontent.com");
    await dialog.getByLabel("Subject").fill("repo:acme/shop:*");
    await dialog.getByRole("button", { name: "Add identity" }).click();
    await page.getByRole("row", { name: /Shop on GitHub.*repo:acme/ }).waitFor();
    // Disabled, its key is refused.
    await page.getByRole("switch", { name: "Active" }).click();
    await save(page);
    const refused = await fetch(`${portal.server.url}/api/users/me`, { headers: { "X-Octopus-ApiKey": key } });
    assert.equal(refused.status, 401);
    await inBothThemes(portal, "service-account", `/configuration/users/${me.Id}`);
    await page.context().close();
});

test("users, teams and roles can be used in both themes and on a phone", { skip }, async () => {
    const ana = (await portal.api("GET", "/users/all")).find((u) => u.Username === "ana");
    const team = (await portal.api("GET", "/teams/all")).find((x) => x.Name === "Shop team");
    for (const [name, at] of [
        ["users", "/configuration/users"],
        ["user", `/configuration/users/${ana.Id}`],
        ["user-add", "/configuration/users/create"],
        ["teams", "/configuration/teams"],
        ["team", `/configuration/teams/${team.Id}`],
        ["roles", "/configuration/roles"],
        ["role", "/configuration/roles/userroles-projectdeployer"],
        ["role-copy", "/configuration/roles/create?from=userroles-projectdeployer"],
        ["permissions", `/configuration/permissions?user=${ana.Id}&all=yes`],
    ]) {
        await inBothThemes(portal, name, at);
        await onPhone(portal, name, at);
    }
});
