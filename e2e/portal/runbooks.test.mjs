// Runbooks, from nothing to a run, and their pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project;
const root = "/Spaces-1/projects/acme-web/operations/runbooks";

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    project = await world.project("Acme Web", [], {
        variables: [{ Name: "Reason", Value: "", Type: "String", Scope: {}, Prompt: { Label: "Why", Required: true } }],
    });
});
after(() => portal?.close());

test("a runbook is added, published, run with its prompt answered, and read", { skip }, async () => {
    const page = await portal.visit(root);
    await page.getByText("No runbooks yet.").waitFor();
    await page.getByRole("button", { name: "Add runbook…" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Add runbook" });
    await dialog.getByLabel("Name").fill("Restart service");
    await dialog.getByRole("button", { name: "Add runbook" }).click();

    // Its steps come next; they are put there as a program would.
    await page.getByText("No steps yet.").waitFor();
    const { Items: [runbook] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/runbooks`);
    const process = await portal.api("GET", `/Spaces-1/runbookProcesses/${runbook.RunbookProcessId}`);
    await portal.api("PUT", `/Spaces-1/runbookProcesses/${process.Id}`, { ...process, Steps: [script("Restart", 'echo "restarting because of #{Reason}"')] });
    await page.getByRole("region", { name: "Steps" }).getByText("Restart", { exact: true }).first().waitFor();

    await page.getByRole("link", { name: "Overview" }).last().click();
    await page.getByText("This runbook is not published yet.").waitFor();
    await page.getByRole("link", { name: "Publish…" }).click();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("link", { name: "Snapshot 1" }).waitFor();

    await page.getByRole("link", { name: "Run in Development" }).click();
    const run = page.getByRole("button", { name: "Run in Development" });
    await page.getByText("Still to answer: Why").waitFor();
    assert.ok(await run.isDisabled(), "a question is not answered yet");
    await page.getByLabel("Why").fill("the moon");
    await run.click();

    await page.getByRole("heading", { level: 1, name: "Run Restart service in Development" }).waitFor();
    await page.getByText("Success", { exact: true }).first().waitFor();
    await page.getByRole("tab", { name: "Task log" }).click();
    await page.getByText("restarting because of the moon").waitFor();

    await page.getByRole("link", { name: "Restart service" }).click();
    await page.getByRole("row", { name: /Development.*Success/ }).first().waitFor();
    await page.context().close();
});

test("one who runs a runbook later and leaves a step out asks for just that", { skip }, async () => {
    const page = await portal.visit(`${root}/restart-service/run?environment=${world.stages[1].Id}`);
    await page.getByLabel("Why").fill("the tide");
    await page.getByRole("checkbox", { name: "1. Restart" }).uncheck();
    await page.getByText("Later", { exact: true }).click();
    await page.getByRole("button", { name: "Run in Production" }).click();
    await page.getByRole("heading", { level: 1, name: "Run Restart service in Production" }).waitFor();
    const { Items: [run] } = await portal.api("GET", `/Spaces-1/runbookRuns?environments=${world.stages[1].Id}`);
    assert.equal(run.SkipActions.length, 1);
    assert.ok(Date.parse(run.QueueTime) > Date.now() + 3_000_000, run.QueueTime);
    await portal.api("POST", `/tasks/${run.TaskId}/cancel`);
    await page.context().close();
});

test("the settings say where a runbook runs, and the server keeps to it", { skip }, async () => {
    const page = await portal.visit(`${root}/restart-service/settings`);
    await page.getByRole("combobox", { name: "Environments" }).click();
    await page.getByRole("option", { name: "Only some" }).click();
    await page.getByLabel("Which").first().click();
    await page.getByRole("option", { name: "Development" }).click();
    await page.keyboard.press("Escape");
    await save(page);
    await page.getByRole("link", { name: "Snapshots", exact: true }).click();
    const { Items: [runbook] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/runbooks`);
    assert.deepEqual([runbook.EnvironmentScope, runbook.Environments], ["Specified", [world.stages[0].Id]]);
    await page.context().close();
});

test("a snapshot shows its steps, and can be published in place of another", { skip }, async () => {
    const page = await portal.visit(`${root}/restart-service/snapshots/create`);
    await page.getByRole("checkbox", { name: /Publish it/ }).uncheck();
    await page.getByLabel("Name").fill("Trial");
    await page.getByRole("button", { name: "Make snapshot" }).click();
    await page.getByRole("link", { name: "Snapshots", exact: true }).click();
    await page.getByRole("link", { name: "Trial" }).click();
    await page.getByRole("region", { name: "Steps" }).getByText("Restart").waitFor();
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText("Published", { exact: true }).waitFor();
    const { Items: [runbook] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/runbooks`);
    const { Name } = await portal.api("GET", `/Spaces-1/runbookSnapshots/${runbook.PublishedRunbookSnapshotId}`);
    assert.equal(Name, "Trial");
    await page.context().close();
});

const one = `${root}/restart-service`;
for (const [name, at] of [
    ["runbooks", root],
    ["runbook", `${one}/overview`],
    ["runbook-process", `${one}/process`],
    ["runbook-snapshots", `${one}/snapshots`],
    ["runbook-publish", `${one}/snapshots/create`],
    ["runbook-settings", `${one}/settings`],
    ["runbook-run", `${one}/run`],
]) {
    test(`the screen ${name} is accessible in both themes and fits a phone`, { skip }, async () => {
        await inBothThemes(portal, name, at);
        await onPhone(portal, name, at);
    });
}

test("the page of a snapshot is accessible in both themes and fits a phone", { skip }, async () => {
    const { Items: [runbook] } = await portal.api("GET", `/Spaces-1/projects/${project.Id}/runbooks`);
    const at = `${one}/snapshots/${runbook.PublishedRunbookSnapshotId}`;
    await inBothThemes(portal, "runbook-snapshot", at);
    await onPhone(portal, "runbook-snapshot", at);
});
