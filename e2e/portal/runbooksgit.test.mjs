// Runbooks of a project in Git: added, given steps and changed on a branch, run
// from it, and deleted there.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { repository } from "../git.mjs";
import { bar, commit, inBothThemes, onPhone, open, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, git;
const root = "/Spaces-1/projects/acme-web/operations/runbooks";
const one = `${root}/restart-service`;
const on = (branch, what) => `/Spaces-1/projects/${project.Id}/${encodeURIComponent(`refs/heads/${branch}`)}/${what}`;

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    project = await world.project("Acme Web", [script("Say hello", "echo hello")]);
    git = await repository(path.join(portal.server.folder, "git"));
    await portal.api("POST", `/Spaces-1/projects/${project.Id}/git/convert`, {
        CommitMessage: "Begin", InitialCommitBranchName: "",
        VersionControlSettings: { Type: "VersionControlled", Url: git.url, DefaultBranch: "main", BasePath: ".octopus", Credentials: { Type: "Anonymous" } },
    });
    await portal.api("POST", `/Spaces-1/projects/${project.Id}/git/branches/v2`, { NewBranchName: "work", BaseGitRef: "main" });
});
after(async () => {
    await portal?.close();
    await git?.close();
});

test("a runbook is added on a branch and given a step there", { skip }, async () => {
    let page = await portal.visit(`${root}?branch=work`);
    await page.getByText("No runbooks yet.").waitFor();
    await page.getByRole("button", { name: "Add runbook…" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("Restart service");
    await page.keyboard.press("Enter");
    await page.getByText("No steps yet.").waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Branch" }).inputValue(), "work");
    const process = await portal.api("GET", on("work", "runbookProcesses/restart-service"));
    await portal.api("PUT", on("work", "runbookProcesses/restart-service"), { ...process, Steps: [script("Begin", "echo restarting on #{Octopus.Environment.Name}")] });
    await page.context().close();
    page = await portal.visit(`${one}/process?branch=work`);
    await page.getByRole("region", { name: "Steps" }).getByText("Begin").first().click();
    await page.getByRole("region", { name: "Begin" }).getByLabel("Name", { exact: true }).fill("Restart");
    await commit(page, "Say how it restarts");
    const { Steps } = await portal.api("GET", on("work", "runbookProcesses/restart-service"));
    assert.equal(Steps[0].Name, "Restart");
    assert.equal((await portal.api("GET", on("main", "runbooks"))).TotalResults, 0);
    await page.context().close();
});

test("its settings are committed to the branch", { skip }, async () => {
    const page = await portal.visit(`${one}/settings?branch=work`);
    await page.getByLabel("Description").fill("Turns it off and on");
    await commit(page, "Describe it");
    const runbook = await portal.api("GET", on("work", "runbooks/restart-service"));
    assert.equal(runbook.Description, "Turns it off and on");
    // Somebody else's commit is not written over.
    await page.getByLabel("Description").fill("Mine");
    await portal.api("PUT", on("work", "runbooks/restart-service"), { ...runbook, Description: "Theirs" });
    await bar(page).getByRole("button", { name: "Commit" }).click();
    await bar(page).getByRole("alert").waitFor();
    assert.equal((await portal.api("GET", on("work", "runbooks/restart-service"))).Description, "Theirs");
    await bar(page).getByRole("button", { name: "Discard" }).click();
    await page.context().close();
});

test("it is run as it is on the branch, and its runs are seen there", { skip }, async () => {
    const page = await portal.visit(`${one}/overview?branch=work`);
    await page.getByText("Theirs").waitFor();
    await page.getByRole("link", { name: "Run in Development" }).click();
    assert.equal(await page.getByRole("combobox", { name: "Branch" }).inputValue(), "work");
    await page.getByText("This is not the default branch; only you run it.").waitFor();
    await page.getByRole("button", { name: "Run in Development" }).click();
    await page.getByRole("heading", { level: 1, name: "Run Restart service in Development" }).waitFor();
    await page.getByText("Success", { exact: true }).first().waitFor();
    await page.getByRole("tab", { name: "Task log" }).click();
    await page.getByText("restarting on Development").waitFor();
    await page.getByRole("link", { name: "Restart service" }).click();
    await page.getByRole("row", { name: /Development.*Success/ }).first().waitFor();
    await page.getByRole("region", { name: "Runs" }).getByRole("link", { name: /Restart service/ }).first().waitFor();
    await page.getByRole("link", { name: "Runbooks" }).last().click();
    await page.getByRole("row", { name: /Restart service.*Success.*Development/ }).waitFor();
    await page.context().close();
});

test("another branch has not got it, and says so", { skip }, async () => {
    const page = await portal.visit(`${one}/overview?branch=main`);
    await page.getByText("There is no such runbook on branch main.").waitFor();
    await page.getByRole("combobox", { name: "Branch" }).click();
    await page.getByRole("option", { name: "work" }).click();
    await page.getByRole("link", { name: "Run in Production" }).waitFor();
    await page.context().close();
});

test("who may only run what was approved is told so", { skip }, async () => {
    const user = await portal.api("POST", "/users", { Username: "rita", DisplayName: "Rita", Password: "Password1!", IsActive: true });
    const team = await portal.api("POST", "/teams", { Name: "Runners", SpaceId: "Spaces-1", MemberUserIds: [user.Id] });
    await portal.api("POST", "/scopeduserroles", { TeamId: team.Id, UserRoleId: "userroles-runbookconsumer", SpaceId: "Spaces-1" });
    const page = await portal.visit(`${one}/run?branch=work`, { as: { username: "rita", password: "Password1!" } });
    await page.getByText("What is on this branch may be run only by who may change the runbook.").waitFor();
    await page.context().close();
});

for (const [name, at] of [
    ["git-runbooks", root],
    ["git-runbook", `${one}/overview`],
    ["git-runbook-process", `${one}/process`],
    ["git-runbook-settings", `${one}/settings`],
    ["git-runbook-run", `${one}/run`],
]) {
    test(`the screen ${name} is accessible in both themes and fits a phone`, { skip }, async () => {
        await inBothThemes(portal, name, `${at}?branch=work`);
        await onPhone(portal, name, `${at}?branch=work`);
    });
}

test("it is deleted from the branch alone", { skip }, async () => {
    const page = await portal.visit(`${one}/settings?branch=work`);
    await settled(page);
    await page.getByRole("button", { name: "Delete runbook…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete runbook" }).click();
    await page.getByText("No runbooks yet.").waitFor();
    assert.equal((await portal.api("GET", on("work", "runbooks"))).TotalResults, 0);
    await page.context().close();
});
