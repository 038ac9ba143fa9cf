// From nothing to a deployment, as somebody does it in the portal.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, settled, skip } from "./browser.mjs";
import { manual, script, World } from "./world.mjs";

let portal, world, project;

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    project = await world.project("Acme Web", [
        script("Say hello", 'echo "hello #{Greeting}"\nwrite_warning "mind the gap"\n'),
        manual("Approve", "Look at the **pages**."),
        script("Say goodbye", 'for i in $(seq 40); do echo "line $i"; done\nnew_octopusartifact /etc/hostname host.txt\n'),
    ], { variables: [{ Name: "Greeting", Value: "", Type: "String", Scope: {}, Prompt: { Label: "Whom to greet", Required: true } }] });
});
after(() => portal?.close());

test("a project is added, and its overview says what is missing", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects");
    await page.getByRole("button", { name: "Add project…" }).click();
    const dialog = page.getByRole("dialog", { name: "Add project" });
    await dialog.getByLabel("Name").fill("Billing");
    await dialog.getByRole("button", { name: "Add project" }).click();
    await page.getByRole("heading", { level: 1, name: "Billing" }).waitFor();
    await page.getByText("This project has no steps yet.").waitFor();
    await page.goBack();
    await page.getByRole("button", { name: "Add project…" }).click();
    await dialog.getByLabel("Name").fill("Billing");
    await dialog.getByRole("button", { name: "Add project" }).click();
    await dialog.getByRole("alert").filter({ hasText: /Billing/ }).waitFor();
    await page.context().close();
});

test("a release is made, deployed with its prompt answered, approved and read", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects/acme-web");
    await page.getByRole("link", { name: "Create release…" }).first().click();
    await page.getByLabel("Version").fill("1.0.0");
    await page.getByRole("textbox", { name: "Release notes" }).fill("# First\n\n- everything");
    await page.getByRole("button", { name: "Create release" }).click();
    await page.getByRole("heading", { level: 1, name: "Release 1.0.0" }).waitFor();
    await page.getByText("everything").waitFor();

    await page.getByRole("link", { name: "Deploy to Development" }).click();
    const deploy = page.getByRole("button", { name: "Deploy to Development" });
    assert.ok(await deploy.isDisabled(), "a question is not answered yet");
    await page.getByLabel("Whom to greet").fill("world");
    await deploy.click();

    await page.getByRole("heading", { level: 1, name: "Deploy 1.0.0 to Development" }).waitFor();
    const question = page.getByRole("region", { name: "Approve" });
    await question.getByRole("button", { name: "Take responsibility" }).click();
    await question.getByLabel("Notes").fill("looks good");
    await question.getByRole("button", { name: "Proceed" }).click();
    // Nobody reloads: what happens is told.
    await page.getByText("Success with warnings").first().waitFor();
    await page.getByRole("link", { name: "host.txt" }).waitFor();

    await page.getByRole("tab", { name: "Task log" }).click();
    await page.getByText("hello world").waitFor();
    await page.getByText("mind the gap").waitFor();
    await page.context().close();
});

test("a freeze is told of before one deploys, with what there is to do", { skip }, async () => {
    const [, production] = world.stages;
    const at = `/Spaces-1/projects/acme-web/deployments/releases/1.0.0/deployments/create?environment=${production.Id}`;
    const freeze = await portal.api("POST", "/deploymentfreezes", {
        Name: "Holidays", Description: "Nobody is in the office.", Start: new Date(Date.now() - 3600_000), End: new Date(Date.now() + 3600_000),
        ProjectEnvironmentScope: { [project.Id]: [production.Id] },
    });
    const frozen = (page) => page.getByRole("region", { name: /deployment freeze/ });
    const ready = (page) => frozen(page).waitFor();
    await inBothThemes(portal, "deploy-frozen", at, { ready });
    await onPhone(portal, "deploy-frozen", at, { ready });
    const page = await portal.visit(at);
    await frozen(page).getByText(/Holidays keeps this release from Production until .* Nobody is in the office/).waitFor();
    await page.getByLabel("Whom to greet").fill("world");
    const deploy = page.getByRole("button", { name: "Deploy to Production" });
    assert.ok(await deploy.isDisabled(), "the freeze would refuse it");
    await frozen(page).getByRole("button", { name: "Deploy when it has ended" }).click();
    await frozen(page).waitFor({ state: "detached" });
    await deploy.and(page.locator(":enabled")).waitFor();
    await page.getByText("Now", { exact: true }).click();
    await frozen(page).getByRole("checkbox", { name: "Deploy in spite of it" }).click();
    assert.ok(await deploy.isDisabled(), "there is no reason yet");
    await frozen(page).getByLabel("Reason").fill("it burns");
    await deploy.click();
    await page.getByRole("heading", { level: 1, name: "Deploy 1.0.0 to Production" }).waitFor();
    const { Items: [made] } = await portal.api("GET", `/Spaces-1/deployments?environments=${production.Id}`);
    assert.equal(made.DeploymentFreezeOverrideReason, "it burns");
    await portal.api("POST", `/tasks/${made.TaskId}/cancel`);
    await world.ended(made);
    await portal.api("DELETE", `/deploymentfreezes/${freeze.Id}`);
    await page.context().close();
});

test("the dashboard shows what happens while one looks at it", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    const cell = page.getByRole("row", { name: /Acme Web/ }).getByRole("link", { name: /2\.0\.0/ });
    await settled(page);
    assert.equal(await cell.count(), 0);
    const release = await world.release(project, "2.0.0");
    const [development] = world.stages;
    const preview = await portal.api("GET", `/Spaces-1/releases/${release.Id}/deployments/preview/${development.Id}`);
    const made = await world.deploy(release, development, { FormValues: { [preview.Form.Elements[0].Name]: "you" } });
    await cell.waitFor();
    await world.until(made, (t) => t.HasPendingInterruptions);
    await cell.getByRole("img", { name: "Awaiting intervention" }).waitFor();
    await cell.click();
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the task" }).click();
    await page.getByText("Canceled", { exact: true }).first().waitFor();
    await page.context().close();
});

test("addresses of other programs land on the right pages", { skip }, async () => {
    const { Items: [release] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/releases`);
    const { Items: [deployment] } = await portal.api("GET", `/Spaces-1/releases/${release.Id}/deployments`);
    for (const [address, heading] of [
        [`/Spaces-1/releases/${release.Id}`, `Release ${release.Version}`],
        [`/Spaces-1/projects/${project.Id}`, "Acme Web"],
        [`/tasks/${deployment.TaskId}`, "Deploy 2.0.0 to Development"],
        [`/Spaces-1/deployments/${deployment.Id}`, "Deploy 2.0.0 to Development"],
        [`/Spaces-1/tasks/${deployment.TaskId}?activeTab=taskLog`, "Deploy 2.0.0 to Development"],
        [`/Spaces-1/projectGroups/${project.ProjectGroupId}`, "Projects"],
    ]) {
        const page = await portal.visit(address);
        await page.getByRole("heading", { level: 1, name: heading }).waitFor();
        await page.context().close();
    }
});

test("what is not there is said in the server's words", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects/acme-web/deployments/releases/9.9.9");
    await page.getByRole("heading", { level: 1, name: "Release" }).waitFor();
    await page.getByRole("alert").filter({ hasText: "9.9.9" }).waitFor();
    await page.context().close();
});

const root = "/Spaces-1/projects/acme-web";
// menu opens the menu of a release, and what one of its entries opens.
async function menu(page, entry) {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menu").waitFor();
    if (!entry) return;
    await page.getByRole("menuitem", { name: entry }).click();
    await page.getByRole("dialog").getByRole("textbox").waitFor();
}

for (const [name, at, ready] of [
    ["dashboard", () => "/Spaces-1"],
    ["projects", () => "/Spaces-1/projects"],
    ["add-project", () => "/Spaces-1/projects?add=project"],
    ["overview", () => root],
    ["releases", () => `${root}/deployments/releases`],
    ["create-release", () => `${root}/deployments/releases/create`],
    ["release", () => `${root}/deployments/releases/1.0.0`],
    ["deploy", () => `${root}/deployments/releases/1.0.0/deployments/create?environment=${world.stages[0].Id}`],
    ["release-menu", () => `${root}/deployments/releases/1.0.0`, (p) => menu(p)],
    ["release-notes", () => `${root}/deployments/releases/1.0.0`, (p) => menu(p, "Edit the notes…")],
    ["release-block", () => `${root}/deployments/releases/1.0.0`, (p) => menu(p, "Block it from going further…")],
    ["tasks", () => "/Spaces-1/tasks"],
    ["not-found", () => "/Spaces-1/nowhere"],
]) {
    test(`the screen ${name} is accessible in both themes`, { skip }, () => inBothThemes(portal, name, at(), { ready }));
    test(`the screen ${name} fits a phone`, { skip }, () => onPhone(portal, name, at(), { ready }));
}
