// The palette and the keys, with the keyboard alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, open, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world;

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development");
    const project = await world.project("Acme Web", [script("Say hello", "echo hello")]);
    await world.release(project, "1.2.3");
    await world.release(project, "1.2.4");
    await portal.api("POST", "/Spaces-1/tenants", { Name: "Globex" });
    await portal.api("POST", `/Spaces-1/projects/${project.Id}/runbooks`, { Name: "Restart everything" });
});
after(() => portal?.close());

const field = (page) => page.getByRole("combobox", { name: "Search and commands" });
// heading waits until a page that was gone to is there and has the focus.
const heading = (page, name) => page.getByRole("heading", { level: 1, name }).and(page.locator(":focus")).waitFor();

// jump opens the palette, types and takes what is found.
async function jump(page, text, option) {
    await page.keyboard.press("Control+k");
    await field(page).and(page.locator(":focus")).waitFor();
    await page.keyboard.type(text);
    const found = page.getByRole("option", { name: option });
    await found.waitFor();
    for (let i = 0; i < 20 && (await found.getAttribute("aria-selected")) !== "true"; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await field(page).waitFor({ state: "detached" }); // or the next text goes to what is closing
}

test("the palette finds projects, releases, tenants, runbooks, pages and actions", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await settled(page);
    await jump(page, "acme", /^Acme Web Project/);
    await heading(page, "Acme Web");
    await jump(page, "1.2.3", /^1\.2\.3 Release of Acme Web/);
    await heading(page, "Release 1.2.3");
    await jump(page, "deploy 1.2", /^Deploy 1\.2\.3/);
    await heading(page, "Deploy 1.2.3");
    await jump(page, "glob", /^Globex Tenant/);
    await heading(page, "Globex");
    await jump(page, "restart", /^Restart everything Runbook of Acme Web/);
    await heading(page, "Restart everything");
    await jump(page, "audit", /^Audit Page/);
    await heading(page, "Audit");
    await jump(page, "dark", /^Show in dark colors/);
    await page.locator("html[data-mantine-color-scheme=dark]").waitFor();
    await page.context().close();
});

test("the palette says when nothing is found, closes with Escape and gives the focus back", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects");
    await settled(page);
    const search = page.getByRole("button", { name: /^Search/ });
    await search.focus();
    await page.keyboard.press("Enter");
    await field(page).fill("no such thing");
    await page.getByText("Nothing has “no such thing” in its name.").waitFor();
    await page.keyboard.press("Escape");
    await field(page).waitFor({ state: "detached" });
    await search.and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("glob"); // loaded by now, it hears whoever types at once
    assert.equal(await field(page).inputValue(), "glob");
    await page.context().close();
});

test("letters jump, are left alone in fields, and can be switched off", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await settled(page);
    await page.keyboard.type("gp");
    await heading(page, "Projects");
    const filter = page.getByRole("searchbox", { name: "Filter by name" });
    await filter.waitFor();
    await page.keyboard.type("/gt");
    assert.equal(await filter.inputValue(), "gt");
    await page.keyboard.press("Tab");
    await page.keyboard.type("gt");
    await heading(page, "Tasks");
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/acme-web/deployments`);
    await heading(page, "Acme Web");
    await page.keyboard.type("c");
    await heading(page, "Create release");
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/acme-web/deployments`);
    await heading(page, "Acme Web");
    await page.keyboard.type("D");
    await heading(page, "Deploy 1.2.4");

    await page.keyboard.type("?");
    const sheet = page.getByRole("dialog", { name: "Keys" });
    await sheet.getByText("Copy the link to a line").waitFor();
    await sheet.getByRole("switch", { name: "Single letters do something" }).uncheck();
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "detached" });
    await page.keyboard.type("gp");
    await page.keyboard.press("Control+k"); // works all the same, and shows that the letters were heard
    await field(page).waitFor();
    assert.match(page.url(), /1\.2\.4\/deployments\/create$/);
    await page.context().close();
});

test("arrows lead through the rows of a table, and Enter opens one", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects/acme-web/deployments/releases");
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
    await page.getByRole("link", { name: "1.2.4" }).first().focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "1.2.3");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "1.2.4");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await heading(page, "Release 1.2.3");
    await page.context().close();
});

test("the palette and the sheet of keys are accessible in both themes", { skip }, async () => {
    await inBothThemes(portal, "palette", "/Spaces-1/projects/acme-web/deployments", {
        ready: async (page) => {
            await page.keyboard.press("Control+k");
            await field(page).fill("acme");
            await page.getByRole("option", { name: /Project/ }).first().waitFor();
        },
    });
    await inBothThemes(portal, "keys", "/Spaces-1/tasks", {
        ready: async (page) => {
            await page.keyboard.type("?");
            await page.getByRole("dialog", { name: "Keys" }).waitFor();
        },
    });
});
