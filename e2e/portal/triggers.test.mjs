import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
    await page.getByRole("switch", { name: "Enabled" }).click();
    await save(page);
    const now = await portal.api("GET", `${space}/projecttriggers/${made.Id}`);
    assert.deepEqual({ ...now, LastModifiedOn: "" }, { ...made, IsDisabled: true, LastModifiedOn: "" });
    await page.context().close();
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
