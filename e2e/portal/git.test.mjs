// A project in Git: moved there, its process and variables changed on branches,
// two people at one branch, and a release of a branch.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { repository } from "../git.mjs";
import { bar, commit, inBothThemes, onPhone, open, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, git;
const root = "/Spaces-1/projects/acme-web";
const value = (Value) => [{ Id: "00000000-0000-0000-0000-000000000001", Name: "Greeting", Value, Type: "String", Scope: {} }];
const on = (branch, what) => `/Spaces-1/projects/${project.Id}/${encodeURIComponent(`refs/heads/${branch}`)}/${what}`;

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    project = await world.project("Acme Web", [script("Say hello", "echo #{Greeting}")], { variables: value("hello") });
    git = await repository(path.join(portal.server.folder, "git"));
});
after(async () => {
    await portal?.close();
    await git?.close();
});

// rename gives a step another name.
async function rename(page, from, to) {
    await page.getByRole("region", { name: "Steps" }).getByText(from).first().click();
    const name = page.getByRole("region", { name: from }).getByLabel("Name", { exact: true });
    await name.fill(to);
    await bar(page).waitFor();
}

test("a project is moved to Git, its variables after it", { skip }, async () => {
    const page = await portal.visit(`${root}/settings/versioncontrol`);
    await settled(page);
    await page.getByLabel("Address").fill("http://127.0.0.1:1/nothing.git");
    await page.getByRole("button", { name: "Try" }).click();
    await page.getByText(/could not be reached|cannot be reached|refused/i).first().waitFor();
    await page.getByLabel("Address").fill(git.url);
    await page.getByLabel("Folder").fill(".octopus/shop");
    await page.getByRole("button", { name: "Move to Git…" }).click();
    const dialog = page.getByRole("dialog", { name: "Move to Git" });
    await dialog.getByLabel("Leave the variables in the database").check();
    await dialog.getByRole("button", { name: "Move to Git" }).click();
    await page.getByRole("region", { name: "What is in Git" }).getByText("In the database").first().waitFor();
    await page.getByRole("button", { name: "Move variables too…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Move variables" }).click();
    await page.getByText("In Git, secrets in the database").waitFor();
    const now = await portal.api("GET", `/Spaces-1/projects/${project.Id}`);
    assert.equal(now.PersistenceSettings.BasePath, ".octopus/shop");
    assert.equal(now.PersistenceSettings.ConversionState.VariablesAreInGit, true);
    await page.context().close();
});

test("the process is changed on a branch of its own", { skip }, async () => {
    const page = await portal.visit(`${root}/deployments/process`);
    await settled(page);
    await page.getByRole("button", { name: "New branch…" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("greet");
    await page.getByRole("dialog").getByRole("button", { name: "Make branch" }).click();
    await page.waitForURL(/branch=greet/);
    await rename(page, "Say hello", "Say good day");
    await commit(page, "Greet more formally");
    assert.equal((await portal.api("GET", on("greet", "deploymentprocesses"))).Steps[0].Name, "Say good day");
    assert.equal((await portal.api("GET", on("main", "deploymentprocesses"))).Steps[0].Name, "Say hello");
    // The branch goes along to the variables.
    await page.getByRole("link", { name: "Variables", exact: true }).click();
    await settled(page);
    assert.equal(await page.getByRole("combobox", { name: "Branch" }).inputValue(), "greet");
    await page.context().close();
});

test("what two people commit to a branch is brought together", { skip }, async () => {
    const page = await portal.visit(`${root}/deployments/process?branch=greet`);
    await settled(page);
    await rename(page, "Say good day", "Say good evening");
    const theirs = await portal.api("GET", on("greet", "deploymentprocesses"));
    await portal.api("PUT", on("greet", "deploymentprocesses"), { ...theirs, Steps: [...theirs.Steps, script("Say bye", "echo bye")] });
    await bar(page).getByRole("button", { name: "Commit" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /save/i }).click();
    await bar(page).waitFor({ state: "detached" });
    const { Steps } = await portal.api("GET", on("greet", "deploymentprocesses"));
    assert.deepEqual(Steps.map((s) => s.Name), ["Say good evening", "Say bye"]);
    await page.context().close();
});

test("unsaved changes of a branch are not lost by choosing another", { skip }, async () => {
    const page = await portal.visit(`${root}/deployments/process?branch=greet`);
    await settled(page);
    await rename(page, "Say bye", "Say farewell");
    await page.getByRole("combobox", { name: "Branch" }).click();
    await page.getByRole("option", { name: "main" }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
    await page.getByRole("region", { name: "Steps" }).getByText("Say farewell").waitFor();
    await page.context().close();
});

test("variables are committed to a branch, and a release is made of it", { skip }, async () => {
    const page = await portal.visit(`${root}/variables?branch=greet`);
    await settled(page);
    await page.getByRole("button", { name: "Paste…" }).click();
    await page.getByLabel("Text", { exact: true }).fill("Town=Bern");
    await page.getByRole("button", { name: "Take 1 variable" }).click();
    await commit(page, "Name the town");
    const { Variables } = await portal.api("GET", on("greet", "variables"));
    assert.deepEqual(Variables.map((v) => `${v.Name}=${v.Value}`).sort(), ["Greeting=hello", "Town=Bern"]);
    await page.goto(`${portal.server.url}/app#${root}/deployments/releases/create`);
    await settled(page);
    assert.equal(await page.getByRole("combobox", { name: "Branch" }).inputValue(), "greet");
    await page.getByLabel("Version").fill("3.0.0");
    await page.getByRole("button", { name: "Create release" }).click();
    await page.waitForURL(/releases\/3\.0\.0/);
    const { Items: [release] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/releases`);
    assert.equal(release.VersionControlReference.GitRef, "refs/heads/greet");
    await page.context().close();
});

test("all variables and their preview are those of the branch", { skip }, async () => {
    const page = await portal.visit(`${root}/variables/all?branch=greet`);
    const town = page.getByRole("row", { name: /Town/ });
    await town.getByRole("link", { name: "This project, on greet" }).waitFor();
    await page.getByRole("combobox", { name: "Branch" }).click();
    await page.getByRole("option", { name: "main" }).click();
    await page.getByRole("link", { name: "This project, on main" }).first().waitFor();
    assert.equal(await town.count(), 0);
    // The branch goes along to the preview, and back.
    await page.getByRole("link", { name: "Preview", exact: true }).click();
    const here = page.getByRole("list", { name: "Variables here" });
    await here.getByText("Greeting").waitFor();
    assert.equal(await here.getByText("Town").count(), 0);
    await page.getByRole("combobox", { name: "Branch" }).click();
    await page.getByRole("option", { name: "greet" }).click();
    await here.getByText("Town").waitFor();
    await page.context().close();
    await inBothThemes(portal, "git-all-variables", `${root}/variables/all?branch=greet`);
    await inBothThemes(portal, "git-preview", `${root}/variables/preview?branch=greet`);
});

test("a protected branch is shown and takes no changes", { skip }, async () => {
    const now = await portal.api("GET", `/Spaces-1/projects/${project.Id}`);
    await portal.api("PUT", `/Spaces-1/projects/${project.Id}`, { ...now, PersistenceSettings: { ...now.PersistenceSettings, ProtectedDefaultBranch: true } });
    const page = await portal.visit(`${root}/deployments/process?branch=main`);
    await page.getByText("Protected: changes are made on another branch.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Add step" }).count(), 0);
    await page.context().close();
});

test("the screens of a project in Git", { skip }, async () => {
    await inBothThemes(portal, "git-settings", `${root}/settings/versioncontrol`);
    await inBothThemes(portal, "git-process", `${root}/deployments/process?branch=main`);
    await inBothThemes(portal, "git-variables", `${root}/variables?branch=greet`);
    await onPhone(portal, "git-process", `${root}/deployments/process?branch=greet`);
    await onPhone(portal, "git-settings", `${root}/settings/versioncontrol`);
});
