import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, inBothThemes, onPhone, open, settled, shoot, skip } from "./browser.mjs";
import { manual, script, World } from "./world.mjs";

let portal, world, project, at, page;
const space = "/Spaces-1";

// every kind of step, with what old and new clients put into them.
const rich = (environments) => [
    script("Run migrations", "set -e\necho \"Migrating #{Database.Name}\"\n"),
    {
        Name: "Web servers", Condition: "Success", StartTrigger: "StartAfterPrevious",
        Properties: { "Octopus.Action.TargetRoles": "web,api", "Octopus.Action.MaxParallelism": "2" },
        Actions: [
            { Name: "Drain", ActionType: "Octopus.Script", Properties: { "Octopus.Action.RunOnServer": "False", "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Python", "Octopus.Action.Script.ScriptBody": "print(1)" } },
            {
                Name: "Deploy web", ActionType: "Octopus.TentaclePackage", Notes: "Keeps **three** versions.",
                Packages: [{ Name: "", PackageId: "web", FeedId: "feeds-builtin", AcquisitionLocation: "Server", Properties: { SelectionMode: "immediate" } }, { Name: "tools", PackageId: "tools", FeedId: "feeds-builtin", Properties: { Extract: "True" } }],
                Properties: {
                    "Octopus.Action.EnabledFeatures": "Octopus.Features.CustomDirectory,Octopus.Features.CustomScripts,Octopus.Features.SubstituteInFiles,Octopus.Features.Nginx",
                    "Octopus.Action.Package.CustomInstallationDirectory": "/opt/#{Octopus.Release.Number}", "Octopus.Action.CustomScripts.PostDeploy.sh": "systemctl restart web", "Octopus.Action.SubstituteInFiles.TargetFiles": "**/*.conf", "My.Own": "  kept  ",
                },
            },
        ],
    },
    { ...script("Warm the cache", "curl #{Api.Url}"), StartTrigger: "StartWithPrevious" },
    { ...manual("Approve", "Look at the **dashboards**."), Condition: "Variable" },
    {
        Name: "Tell everybody", Condition: "Always", StartTrigger: "StartAfterPrevious", Properties: {},
        Actions: [{ Name: "Tell everybody", ActionType: "Octopus.Email", IsRequired: true, Environments: [environments[1].Id], Properties: { "Octopus.Action.Email.To": "all@example.com", "Octopus.Action.Email.Subject": "Done", "Octopus.Action.Email.Body": "#{Octopus.Release.Number}" } }],
    },
    {
        Name: "Foreign", Condition: "Success", StartTrigger: "StartAfterPrevious", Properties: {},
        Actions: [{ Name: "Foreign", ActionType: "Octopus.TerraformApply", IsDisabled: true, Properties: { "Octopus.Action.Terraform.Template": "x", "Octopus.Action.Terraform.ManagedAccount": "None" } }],
    },
];

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World(portal.api.bind(portal));
    const environments = await world.environments("Development", "Production");
    project = await world.project("Payments", rich(environments), { variables: [{ Name: "Database.Name", Value: "payments", Type: "String" }, { Name: "Api.Url", Value: "http://x", Type: "String" }] });
    at = `${space}/projects/${project.Slug}/deployments/process`;
});
after(() => portal?.close());

const read = () => portal.api("GET", `${space}/projects/${project.Id}/deploymentprocesses`);
const put = async (change) => {
    const process = await read();
    return portal.api("PUT", `${space}/projects/${project.Id}/deploymentprocesses`, change(process));
};
const visit = async (query = "", options) => {
    page = await portal.visit(`${at}${query}`, options);
    await settled(page);
    return page;
};
const row = (name) => page.getByRole("list", { name: "Steps of Payments" }).getByRole("button", { name, exact: true });
const save = async () => {
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("The process is saved.").first().waitFor();
};
// without leaves out what the server itself changes when anything is saved.
const without = ({ Version, LastModifiedOn, LastModifiedBy, ...rest }) => rest;

test("a process that is edited in one place is the same everywhere else", { skip }, async () => {
    const was = await read();
    await visit();
    await row("Run migrations").click();
    const name = page.getByLabel("Name", { exact: true });
    await name.fill("Migrate the database");
    await save();
    const expected = structuredClone(was);
    expected.Steps[0].Name = expected.Steps[0].Actions[0].Name = "Migrate the database";
    assert.deepEqual(without(await read()), without(expected));
    // Going through all steps and their parts changes nothing.
    for (const step of ["Web servers", "Drain", "Deploy web", "Warm the cache", "Approve", "Tell everybody", "Foreign"]) {
        await row(step).click();
        for (const part of ["When it runs", "Retries and time limit", "Notes", "All properties", "Further packages"]) {
            const head = page.getByRole("heading", { level: 2, name: part }).getByRole("button", { expanded: false });
            if (await head.count()) await head.click();
        }
    }
    assert.equal(await page.getByRole("region", { name: "Unsaved changes" }).count(), 0, "looking at steps changed them");
    await page.context().close();
});

test("an empty repository leads to where packages are uploaded", { skip }, async () => {
    await visit();
    await row("Deploy web").click();
    const name = page.getByLabel("Package", { exact: true }).first(); // the others are of further packages
    const link = page.getByRole("link", { name: "Upload one" });
    assert.equal(await link.count(), 0, "shown beside a package that is chosen");
    await name.fill("");
    await link.waitFor();
    assert.match(await link.getAttribute("href"), /Spaces-1\/library\/builtinrepository$/);
    await accessible(page, "an empty repository");
    await page.context().close();
});

test("steps are moved by keyboard, keep the focus, and are said to have moved", { skip }, async () => {
    const order = (await read()).Steps.map((s) => s.Name);
    await visit();
    await row("Approve").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.getByRole("status").filter({ hasText: "Approve is now number 3 of 6." }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Approve");
    await page.keyboard.press("Alt+ArrowUp");
    await page.keyboard.press("Control+s");
    await page.getByText("The process is saved.").first().waitFor();
    const [first, second, third, fourth, ...rest] = order;
    assert.deepEqual((await read()).Steps.map((s) => s.Name), [first, fourth, second, third, ...rest]);
    await row("Deploy web").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await save();
    assert.deepEqual((await read()).Steps[2].Actions.map((a) => a.Name), ["Deploy web", "Drain"]);
    await page.context().close();
});

test("steps are moved by drag", { skip }, async () => {
    await visit();
    const last = (await read()).Steps.at(-1).Name;
    const box = await row("Migrate the database").boundingBox();
    await row(last).dragTo(row("Migrate the database"), { targetPosition: { x: box.width / 2, y: 1 } });
    await save();
    assert.equal((await read()).Steps[0].Name, last);
    await page.context().close();
});

test("a step is chosen from the gallery, filled in, and stored as the engine reads it", { skip }, async () => {
    await visit();
    await page.getByRole("button", { name: "Add step" }).first().click();
    await page.getByLabel("Search steps").fill("bash");
    await page.getByRole("list", { name: "Steps to choose from" }).getByRole("button", { name: /Run a script/ }).click();
    await page.getByLabel("Name", { exact: true }).fill("Smoke test");
    const editor = page.getByRole("textbox", { name: "Script" });
    await editor.click();
    await page.keyboard.type("echo #{Data");
    const offered = page.getByRole("option", { name: /Database.Name/ });
    // What has just been offered is not taken yet, lest a key pressed before takes it.
    for (await offered.waitFor(); await offered.isVisible(); ) {
        await offered.click({ timeout: 2000 }).catch(() => {});
    }
    await page.getByText("On a worker, for each target").click();
    await page.getByRole("combobox", { name: "Target tags" }).fill("web");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Retries and time limit/ }).click();
    await page.getByLabel("Retries", { exact: true }).fill("2");
    await shoot(page, "process-new-step");
    await save();
    const step = (await read()).Steps.at(-1);
    assert.equal(step.Name, "Smoke test");
    assert.equal(step.Properties["Octopus.Action.TargetRoles"], "web");
    const { Properties } = step.Actions[0];
    assert.equal(Properties["Octopus.Action.Script.ScriptBody"], "echo #{Database.Name}");
    assert.equal(Properties["Octopus.Action.RunOnServer"], "True");
    assert.equal(Properties["Octopus.Action.AutoRetry.MaximumCount"], "2");
    await page.context().close();
});

test("what the server refuses is shown at its field", { skip }, async () => {
    await visit();
    await row("Smoke test").click();
    await page.getByRole("button", { name: /^Retries and time limit/ }).click();
    await page.getByLabel("Time limit in minutes").fill("soon");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "not a whole number" }).waitFor();
    await page.getByLabel("Time limit in minutes").and(page.locator("[aria-invalid=true]")).waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await page.context().close();
});

test("two people's changes of a process come together, and each may win where both changed the same", { skip }, async () => {
    await visit();
    await row("Smoke test").click();
    await page.getByLabel("Name", { exact: true }).fill("Smoke test of mine");
    await put((p) => {
        p.Steps.at(-1).Properties["Octopus.Action.TargetRoles"] = "api";
        const other = p.Steps.find((s) => s.Name === "Approve");
        other.Actions[0].Notes = "Theirs";
        return p;
    });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Changed in the meantime" });
    await dialog.getByText("1 thing was changed by both").waitFor();
    await shoot(page, "process-conflict");
    await accessible(page, "the conflict of processes");
    await dialog.getByText("Take theirs").click();
    await dialog.getByRole("button", { name: "Save both together" }).click();
    await page.getByText("The process is saved.").first().waitFor();
    const { Steps } = await read();
    assert.equal(Steps.at(-1).Name, "Smoke test");
    assert.equal(Steps.at(-1).Properties["Octopus.Action.TargetRoles"], "api");
    assert.equal(Steps.find((s) => s.Name === "Approve").Actions[0].Notes, "Theirs");
    await page.context().close();
});

test("unsaved steps are not left behind without a question", { skip }, async () => {
    await visit();
    await row("Approve").click();
    await page.getByLabel("Name", { exact: true }).fill("Approve it");
    await page.getByRole("link", { name: "Variables", exact: true }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
    assert.match(page.url(), /deployments\/process/);
    await page.getByRole("link", { name: "Variables", exact: true }).click();
    await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Leave" }).click();
    await page.waitForURL(/\/variables$/);
    await page.context().close();
});

test("a runbook's process has the same editor", { skip }, async () => {
    const runbook = await portal.api("POST", `${space}/runbooks`, { Name: "Restart", ProjectId: project.Id });
    const process = await portal.api("GET", `${space}/runbookProcesses/${runbook.RunbookProcessId}`);
    await portal.api("PUT", `${space}/runbookProcesses/${process.Id}`, { ...process, Steps: [script("Stop", "true"), script("Start", "true")] });
    page = await portal.visit(`${space}/projects/${project.Slug}/operations/runbooks/${runbook.Id}/process`);
    await settled(page);
    await row("Start").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await save();
    const now = await portal.api("GET", `${space}/runbookProcesses/${process.Id}`);
    assert.deepEqual(now.Steps.map((s) => s.Name), ["Start", "Stop"]);
    await page.context().close();
});

test("the editor is accessible and fits a phone", { skip }, async () => {
    const { Steps } = await read();
    const id = (name) => Steps.flatMap((s) => [{ Id: s.Id, Name: `${s.Name}*` }, ...s.Actions]).find((a) => a.Name === name).Id;
    const editorIsThere = (p) => p.getByRole("textbox", { name: "Script" }).first().waitFor();
    await inBothThemes(portal, "process", at);
    await inBothThemes(portal, "process-script", `${at}?actionId=${id("Migrate the database")}`, { ready: editorIsThere });
    await inBothThemes(portal, "process-package", `${at}?actionId=${id("Deploy web")}`, { ready: editorIsThere });
    await inBothThemes(portal, "process-step", `${at}?actionId=${id("Web servers*")}`);
    await inBothThemes(portal, "process-email", `${at}?actionId=${id("Tell everybody")}`);
    await inBothThemes(portal, "process-unknown", `${at}?actionId=${id("Foreign")}`);
    await inBothThemes(portal, "process-gallery", at, { ready: async (p) => {
        await p.getByRole("button", { name: "Add step" }).click();
        await p.getByRole("list", { name: "Steps to choose from" }).waitFor();
    } });
    await onPhone(portal, "process", at);
    await onPhone(portal, "process-script", `${at}?actionId=${id("Migrate the database")}`, { ready: editorIsThere });
});
