import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { World, script } from "./world.mjs";

let portal;
let world;
let project;
before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...a) => portal.api(...a));
    await world.environments("Development", "Production");
    project = await world.project("Shop", [script("Deploy", "echo fine")]);
});
after(() => portal?.close());

test("a node is drained, takes tasks again, and gets another cap", { skip }, async () => {
    const page = await portal.visit("/configuration/nodes");
    await settled(page);
    const node = async () => (await portal.api("GET", "/octopusservernodes/all"))[0];
    const { Name } = await node();
    await page.getByRole("button", { name: `Drain ${Name}` }).click();
    await page.getByRole("row", { name: /Drained/ }).waitFor();
    assert.equal((await node()).IsInMaintenanceMode, true);
    await page.getByRole("button", { name: `Let ${Name} take tasks` }).click();
    await page.getByRole("row", { name: /Running/ }).waitFor();
    await page.getByRole("button", { name: `Task cap of ${Name}…` }).click();
    await page.getByLabel("Tasks at once").fill("7");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /0 of 7/ }).waitFor();
    await page.context().close();
});

test("maintenance mode, the features and the address of the server are changed", { skip }, async () => {
    const page = await portal.visit("/configuration/maintenance");
    await page.getByRole("switch", { name: "The server is in maintenance mode" }).click();
    await save(page);
    assert.equal((await portal.api("GET", "/maintenanceconfiguration")).IsInMaintenanceMode, true);
    await page.getByRole("switch", { name: "The server is in maintenance mode" }).click();
    await save(page);
    await page.goto(`${portal.server.url}/app#/configuration/features`);
    await page.getByRole("switch", { name: "Built-in worker" }).click();
    await save(page);
    assert.equal((await portal.api("GET", "/featuresconfiguration")).IsBuiltInWorkerEnabled, false);
    await page.getByLabel("By which people and agents reach it").fill("not an address");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "ServerUri" }).waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await page.context().close();
});

// mailbox is an SMTP server that keeps what it is given.
async function mailbox() {
    const messages = [];
    const server = createServer((socket) => {
        let body = null;
        let rest = "";
        socket.on("error", () => {});
        socket.write("220 mailbox\r\n");
        socket.on("data", (data) => {
            rest += data;
            for (let cut; (cut = rest.indexOf("\r\n")) >= 0; ) {
                const line = rest.slice(0, cut);
                rest = rest.slice(cut + 2);
                if (body !== null) {
                    if (line !== ".") body += `${line}\n`;
                    else {
                        messages.push(body);
                        body = null;
                        socket.write("250 taken\r\n");
                    }
                } else if (/^DATA/i.test(line)) {
                    body = "";
                    socket.write("354 go on\r\n");
                } else if (/^QUIT/i.test(line)) {
                    socket.end("221 bye\r\n");
                } else socket.write("250 fine\r\n");
            }
        });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: server.address().port, messages, stop: () => server.close() };
}

test("mail is set up and tried", { skip }, async () => {
    const box = await mailbox();
    try {
        const page = await portal.visit("/configuration/smtp");
        await page.getByLabel("SMTP server").fill("127.0.0.1");
        await page.getByLabel("Port").fill(String(box.port));
        await page.getByLabel("Sender").fill("tako@example.com");
        await page.getByText("Save the settings first").waitFor();
        await save(page);
        await page.getByLabel("Send a message to").fill("nobody");
        await page.getByLabel("Send a message to").evaluate((el) => { el.form.noValidate = true; });
        await page.getByRole("button", { name: "Send test mail" }).click();
        await page.getByRole("alert").filter({ hasText: "not an e-mail address" }).waitFor();
        await page.getByLabel("Send a message to").fill("ana@example.com");
        await page.getByRole("button", { name: "Send test mail" }).click();
        await page.getByRole("link", { name: "See whether it was sent" }).click();
        await page.getByText("Success", { exact: true }).first().waitFor({ timeout: 60_000 });
        assert.equal(box.messages.length, 1);
        assert.match(box.messages[0], /To: <ana@example\.com>/);
        await page.context().close();
    } finally {
        box.stop();
    }
});

test("a space is made, its queue stopped, and deleted", { skip }, async () => {
    const page = await portal.visit("/configuration/spaces");
    await settled(page);
    await page.getByRole("link", { name: "Add space" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Second");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    // It opens, with the checklist of a new one.
    await page.getByRole("region", { name: "Setup checklist" }).waitFor();
    const made = (await portal.api("GET", "/spaces/all")).find((s) => s.Name === "Second");
    await page.goto(`${portal.server.url}/app#/configuration/spaces/${made.Id}`);
    await page.getByRole("switch", { name: "Stop the task queue" }).click();
    await save(page);
    assert.equal((await portal.api("GET", `/spaces/${made.Id}`)).TaskQueueStopped, true);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete space…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete space" }).click();
    await page.getByRole("heading", { level: 1, name: "Spaces" }).waitFor();
    await page.getByRole("row", { name: /Second/ }).waitFor({ state: "detached" });
    await page.context().close();
});

test("a freeze holds back a deployment, and says so", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await settled(page);
    await page.goto(`${portal.server.url}/app#/configuration/freezes/create`);
    await page.getByRole("heading", { level: 1, name: "Add deployment freeze" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Holidays");
    await page.getByLabel("From").fill("2020-01-01T00:00");
    await page.getByLabel("Until").fill("2099-01-01T00:00");
    await page.getByRole("combobox", { name: "Add a project" }).click();
    await page.getByRole("option", { name: "Shop" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Holidays" }).waitFor();
    await page.getByText("In force").waitFor();
    const [freeze] = await portal.api("GET", "/deploymentfreezes/all");
    assert.deepEqual(Object.keys(freeze.ProjectEnvironmentScope), [project.Id]);
    await world.release(project, "1.0.0");
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/${project.Slug}/deployments/releases/1.0.0/deployments/create?environment=${world.stages[0].Id}`);
    await page.getByRole("heading", { level: 1, name: "Deploy 1.0.0" }).waitFor();
    await page.getByText("Holidays keeps this release from Development until 1 Jan 2099, 00:00:00 UTC.").waitFor();
    assert.ok(await page.getByRole("button", { name: "Deploy to Development" }).isDisabled());
    await page.context().close();
});

test("a subscription and the retention of a space are set", { skip }, async () => {
    const page = await portal.visit("/configuration/subscriptions/create");
    await settled(page);
    await page.getByLabel("Name", { exact: true }).fill("Failures");
    await page.getByText("It goes nowhere yet.").waitFor();
    await page.getByRole("combobox", { name: "Only of projects" }).fill("Shop");
    await page.getByRole("option", { name: "Shop" }).click();
    await page.keyboard.press("Escape");
    await page.getByLabel("To a channel of Slack").fill("http://127.0.0.1:9/services/T0/B0/x");
    await page.getByText("It goes nowhere yet.").waitFor({ state: "detached" });
    await page.getByLabel("By a webhook to").fill("https://hooks.example.com/tako");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Failures" }).waitFor();
    const [made] = await portal.api("GET", "/Spaces-1/subscriptions/all");
    assert.equal(made.EventNotificationSubscription.SlackWebhookUrl.HasValue, true);
    assert.deepEqual([made.EventNotificationSubscription.WebhookURI, made.EventNotificationSubscription.Filter.Projects], ["https://hooks.example.com/tako", [project.Id]]);
    await page.goto(`${portal.server.url}/app#/configuration/retention`);
    await page.getByRole("combobox", { name: "Keep" }).first().click();
    await page.getByRole("option", { name: "The newest" }).click();
    await page.getByLabel("How many: Releases").fill("25");
    await save(page);
    const releases = (await portal.api("GET", "/Spaces-1/retentionpolicies/all")).find((p) => p.RetentionType === "LifecycleRelease");
    assert.deepEqual([releases.Strategy, releases.QuantityToKeep, releases.Unit], ["Count", 25, "Items"]);
    await page.context().close();
});

test("the audit trail is taken away as a table, and what was archived as files", { skip }, async () => {
    const page = await portal.visit("/configuration/audit?documentTypes=DeploymentFreezes");
    await page.getByText("Deployment freeze Holidays was created").waitFor(); // which is of no space
    await page.goto(`${portal.server.url}/app#/configuration/audit?documentTypes=Projects`);
    await page.getByText("Project Shop was created").waitFor();
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: "CSV" }).click();
    const rows = readFileSync(await (await coming).path(), "utf8");
    assert.match(rows, /^Id,Occurred,Category,Username,Message/);
    assert.match(rows, /Project Shop was created/);
    assert.doesNotMatch(rows, /Environment Production/);
    const folder = path.join(portal.server.folder, "data", "blobs", "event-archives");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "2026-01-02-1.jsonl"), '{"Id":"Events-1"}\n');
    await page.getByRole("link", { name: "Archived" }).click();
    await page.getByRole("row", { name: /2026-01-02-1\.jsonl 18 B/ }).waitFor();
    await inBothThemes(portal, "audit-archives", "/configuration/audit/archives");
    await page.getByRole("button", { name: "Delete 2026-01-02-1.jsonl…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete the file" }).click();
    await page.getByText("Nothing has been archived yet.").waitFor();
    await page.context().close();
});

test("the server's log is narrowed to what went wrong, and to words", { skip }, async () => {
    const page = await portal.visit("/configuration/logs");
    const lines = page.getByRole("region", { name: "Server log" }).getByRole("row");
    await lines.filter({ hasText: "Tako is ready" }).waitFor();
    await page.getByRole("searchbox", { name: "Filter by text" }).fill("ready sqlite");
    await lines.filter({ hasText: "Tako is ready" }).waitFor();
    await page.getByRole("searchbox", { name: "Filter by text" }).fill("nothing that it ever told");
    await page.getByText("No line matches these filters.").waitFor();
    await page.goto(`${portal.server.url}/app#/configuration/logs?level=Error`);
    await page.getByRole("combobox", { name: "Least level" }).waitFor();
    await settled(page);
    assert.equal(await lines.filter({ hasText: "Note" }).count(), 0);
    await page.context().close();
});

test("the configuration can be looked at in both themes and on a phone", { skip }, async () => {
    const [freeze] = await portal.api("GET", "/deploymentfreezes/all");
    const [subscription] = await portal.api("GET", "/Spaces-1/subscriptions/all");
    for (const [name, at, ready] of [
        ["about", "about"],
        ["server-log", "logs"],
        ["nodes", "nodes"],
        ["node-cap", "nodes", async (p) => {
            await p.getByRole("button", { name: /^Task cap of/ }).first().click();
            await p.getByLabel("Tasks at once").waitFor();
        }],
        ["system-audit", "audit"],
        ["permissions-of-nobody", "permissions"],
        ["maintenance", "maintenance"],
        ["features", "features"],
        ["mail", "smtp"],
        ["spaces", "spaces"],
        ["space", "spaces/Spaces-1"],
        ["freezes", "freezes"],
        ["freeze", `freezes/${freeze.Id}`],
        ["subscriptions", "subscriptions"],
        ["subscription", `subscriptions/${subscription.Id}`],
        ["retention", "retention"],
    ]) {
        await inBothThemes(portal, name, `/configuration/${at}`, { ready });
        await onPhone(portal, name, `/configuration/${at}`, { ready });
    }
});

test("a rate limit is set, and what browsers are told", { skip }, async () => {
    const page = await portal.visit("/configuration/ratelimits");
    const row = page.getByRole("row", { name: /API keys and service accounts/ });
    await row.getByText("Off", { exact: true }).waitFor();
    await row.getByRole("button", { name: /^Change/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("switch", { name: "In force" }).click();
    await dialog.getByRole("switch", { name: "Only note what is too much" }).click();
    await dialog.getByLabel("Requests a minute").fill("90000");
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText("Only noted").waitFor();
    await row.getByText("90,000").waitFor();
    const { Items } = await portal.api("GET", "/ratelimitingpolicies");
    const set = Items.filter((p) => p.IsEnabled).map((p) => [p.ScopeType, p.RequestsPerMinute, p.AuditMode]);
    assert.deepEqual(set, [["AuthenticatedAgent", 90000, true]]);

    await page.goto(`${portal.server.url}/app#/configuration/webportal`);
    const origins = page.getByLabel("Origins whose pages may use the API").first();
    await origins.fill("tools.example.com");
    await origins.press("Enter");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "CorsWhitelist" }).waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
    await origins.fill("https://tools.example.com");
    await origins.press("Enter");
    await save(page);
    assert.equal((await portal.api("GET", "/configuration/webportal/values")).Security.CorsWhitelist, "https://tools.example.com");
    await page.context().close();
    await inBothThemes(portal, "rate-limits", "/configuration/ratelimits");
    await onPhone(portal, "rate-limits", "/configuration/ratelimits");
    await inBothThemes(portal, "web-portal", "/configuration/webportal");
});
