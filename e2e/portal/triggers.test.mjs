import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { poll } from "../server.mjs";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, environments;
const space = "/Spaces-1";

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World(portal.api.bind(portal));
    environments = await world.environments("Development", "Production");
    project = await world.project("Payments", [script("Deploy", "true")]);
});
after(() => portal?.close());

const at = () => `${space}/projects/${project.Slug}/deployments/triggers`;
const pick = async (page, label, option) => {
    await page.getByRole("combobox", { name: label }).click();
    await page.getByRole("option", { name: option }).click();
};

test("a trigger by the clock is made and changed", { skip }, async () => {
    const page = await portal.visit(at());
    await settled(page);
    await page.getByRole("link", { name: "Add trigger" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Promote at night");
    await page.getByLabel("Time", { exact: true }).fill("02:30");
    await page.getByText("Sunday").click();
    await pick(page, "Latest release of", "Development");
    await page.keyboard.press("Escape");
    await pick(page, "Deployed to", "Production");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Promote at night" }).waitFor();
    const { Items: [made] } = await portal.api("GET", `${space}/projecttriggers`);
    assert.match(made.Filter.StartTime, /T02:30/);
    assert.equal(made.Filter.DaysOfWeek.length, 6);
    assert.deepEqual(made.Action.SourceEnvironmentIds, [environments[0].Id]);
    assert.equal(made.Action.DestinationEnvironmentId, environments[1].Id);
    await poll("the time of the trigger", 60, async () => (await portal.api("GET", `${space}/projecttriggers/${made.Id}/status`)).NextDue);
    await page.reload();
    await page.getByRole("region", { name: "How it stands" }).getByText(/02:30:00/).waitFor();
    await page.getByRole("switch", { name: "Enabled" }).click();
    await save(page);
    const now = await portal.api("GET", `${space}/projecttriggers/${made.Id}`);
    assert.deepEqual({ ...now, LastModifiedOn: "" }, { ...made, IsDisabled: true, LastModifiedOn: "" });
    await page.context().close();
});

test("a trigger that waits for a call shows its secret once, and is called with it", { skip }, async () => {
    const page = await portal.visit(`${at()}/create`);
    await settled(page);
    await page.getByLabel("Name", { exact: true }).fill("From the build");
    await pick(page, "Occasion", /webhook/);
    await pick(page, "What is done", /^Create a release$/);
    const secret = await page.locator("code").filter({ hasText: /^[0-9a-f]{64}$/ }).textContent();
    await page.getByRole("button", { name: `Copy ${secret}` }).waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "From the build" }).waitFor();
    await page.getByText("Kept, and shown to nobody.").waitFor();
    assert.equal(await page.getByText(secret).count(), 0, "the secret is shown again");
    const address = await page.locator("code").filter({ hasText: /^http.*webhook/ }).textContent();
    const call = (headers) => fetch(address, { method: "POST", headers });
    assert.equal((await call({})).status, 401);
    assert.equal((await call({ "X-Octopus-Webhook-Secret": secret })).status, 200);
    const { Items: releases } = await portal.api("GET", `${space}/projects/${project.Id}/releases`);
    assert.equal(releases.length, 1);

    await page.getByRole("button", { name: "Make a new secret" }).click();
    const other = await page.locator("code").filter({ hasText: /^[0-9a-f]{64}$/ }).textContent();
    await save(page);
    assert.equal((await call({ "X-Octopus-Webhook-Secret": secret })).status, 401);
    assert.equal((await call({ "X-Octopus-Webhook-Secret": other })).status, 200);

    await page.getByText("With an API key").click();
    await save(page);
    assert.equal((await call({ "X-Octopus-Webhook-Secret": other })).status, 401);
    assert.equal((await call({ "X-Octopus-ApiKey": portal.server.key })).status, 200);
    const here = new URL(page.url()).hash.slice(1);
    await page.context().close();
    await inBothThemes(portal, "webhook", here);
    await onPhone(portal, "webhook", here);
});

test("what the server refuses of a schedule is shown in its words", { skip }, async () => {
    const page = await portal.visit(`${at()}/create`);
    await settled(page);
    await page.getByLabel("Name", { exact: true }).fill("Odd");
    await pick(page, "Occasion", /cron/);
    await page.getByLabel("Cron expression").fill("every day");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "must have six fields" }).waitFor();
    await page.context().close();
});

test("triggers are accessible and fit a phone", { skip }, async () => {
    await inBothThemes(portal, "triggers", at());
    await inBothThemes(portal, "trigger", `${at()}/create`);
    await onPhone(portal, "trigger", `${at()}/create`);
});
