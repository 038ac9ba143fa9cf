// The page of the operator's control plane, in a browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, shoot } from "../portal/browser.mjs";
import { open, settled, skip } from "./desk.mjs";

let desk;
before(async () => { if (!skip) desk = await open(); });
after(() => desk?.close());

const it = (name, does) => test(name, { skip }, does);

it("signs people in with a token, in the server's words where it is wrong", async () => {
    const page = await desk.visit("/instances/acme", { token: "" });
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "Nobody has this token" }).waitFor();
    await accessible(page, "sign-in");
    await shoot(page, "control-sign-in");
    await page.getByLabel("Token").fill(desk.viewer);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "acme" }).waitFor();
    await page.getByText("vera · viewer").waitFor();
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "acme" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.reload();
    await page.getByLabel("Token").waitFor();
    await page.context().close();
});

it("signs people in by their organization", async () => {
    const page = await desk.visit("/", { token: "" });
    await page.getByRole("link", { name: "Sign in with Acme" }).click();
    await page.getByText("ada@example.com · operator").waitFor();
    await page.getByRole("button", { name: "New instance…" }).waitFor();
    await page.goto(`${desk.url}/#/audit`);
    await page.getByRole("row", { name: /ada@example.com.*sign in/ }).waitFor();
    await page.context().close();
});

it("says why somebody was not signed in", async () => {
    const page = await desk.visit("/", { token: "" });
    await page.goto(`${desk.url}/api/sign-in/oidc/callback?code=x&state=y`);
    await page.getByRole("alert").filter({ hasText: "was not begun here" }).waitFor();
    await accessible(page, "not signed in");
    await page.getByRole("link", { name: "Back to the sign-in" }).click();
    await page.getByLabel("Token").waitFor();
    await page.context().close();
});

for (const theme of ["light", "dark"]) {
    it(`shows everything to who may look, in ${theme}`, async () => {
        for (const [name, at, ready] of [
            ["instances", "/instances", (p) => p.getByRole("row", { name: /^acme Acme Ltd Ready It serves\. .*2026\.4\.0.*02:00 UTC, 3 h, Sat Sun.*168h.*\$\d/ })],
            ["instance", "/instances/acme", (p) => p.getByRole("region", { name: "Cost" }).getByText("In all")],
            ["versions", "/versions", (p) => p.getByRole("row", { name: /^stable Stopped .*delta did not become healthy/ })],
            ["service", "/service", (p) => p.getByRole("row", { name: /^fjord Fjord Shipping 99\.\d{4} % 1 h 2 min 3 s 2 1 min 35 s none/ })],
            ["audit", "/audit", (p) => p.getByRole("row", { name: /vera.*sign in/ })],
        ]) {
            const page = await desk.visit(at, { theme, token: desk.viewer });
            await settled(page);
            await ready(page).first().waitFor();
            assert.equal(await page.getByRole("button", { name: /…$/ }).count(), 0, `${name} offers what is refused`);
            assert.doesNotMatch(await page.locator("main").innerText(), /\b(false|undefined|null|NaN|Infinity)\b/);
            await shoot(page, `control-${name}-${theme}`);
            await accessible(page, `${name} (${theme})`);
            await page.context().close();
        }
    });
}

it("finds instances by what is typed and by state", async () => {
    const page = await desk.visit("/instances");
    await settled(page);
    const rows = page.getByRole("table").getByRole("row");
    await page.keyboard.press("/");
    await page.keyboard.type("foods");
    await page.getByText("1 of 7 instances").waitFor();
    assert.match(await rows.nth(1).textContent(), /emberEmber FoodsSuspended/);
    await page.getByLabel("State").selectOption("Ready");
    await page.getByText("No instance matches.").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByText(/^7 instances; \$\d+\.\d\d a month for the 3/).waitFor();
    await page.context().close();
});

it("suspends and resumes, and says in the audit who did", async () => {
    const page = await desk.visit("/instances/borealis");
    await page.getByRole("button", { name: "Suspend…" }).click();
    const dialog = page.getByRole("dialog", { name: "Suspend borealis" });
    await dialog.waitFor();
    await accessible(page, "suspend");
    await dialog.getByRole("button", { name: "Suspend" }).click();
    await page.getByRole("button", { name: "Resume…" }).waitFor();
    assert.equal((await desk.api("GET", "instances/borealis")).suspended, true);
    await page.getByRole("button", { name: "Resume…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Suspend…" }).waitFor();
    assert.equal((await desk.api("GET", "instances/borealis")).suspended, false);
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByRole("row", { name: /otto change borealis "suspended":true/ }).waitFor();
    await page.getByRole("button", { name: "Day before" }).click();
    await page.getByText("Nobody asked for anything on").waitFor();
    await page.context().close();
});

it("restores to a point in time, which is in UTC wherever one is", async () => {
    const page = await desk.visit("/instances/acme");
    await page.getByRole("button", { name: "Restore…" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore acme" });
    await dialog.getByLabel("Time in UTC").fill("2999-01-01T00:00:00");
    await dialog.getByRole("button", { name: "Restore" }).click();
    await dialog.getByRole("alert").filter({ hasText: "time lies in the future" }).waitFor();
    await dialog.getByLabel("Time in UTC").fill("2026-11-26T09:30:15");
    await dialog.getByRole("button", { name: "Restore" }).click();
    await page.getByRole("row", { name: /acme-\w+ Waiting 2026-11-26 09:30:15 UTC Into itself otto/ }).waitFor();
    await page.getByRole("button", { name: "Restore…" }).click();
    await dialog.getByLabel("A new instance").check();
    await dialog.getByLabel("Name of the new instance").fill("acme-then");
    await dialog.getByLabel("Hosts").fill("then.example.com");
    await accessible(page, "restore");
    await dialog.getByRole("button", { name: "Restore" }).click();
    await page.getByRole("row", { name: /Waiting The newest acme into acme-then otto/ }).waitFor();
    const { restores } = await desk.api("GET", "instances/acme");
    assert.equal(restores.find((r) => r.target === "acme").time, "2026-11-26T09:30:15Z");
    await page.context().close();
});

it("makes an instance, changes nothing of it but what was changed, and deletes it by name", async () => {
    const page = await desk.visit("/instances");
    await page.getByRole("button", { name: "New instance…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("Harbor!");
    await dialog.getByLabel("Customer").fill("Harbor Works");
    await dialog.getByLabel("Hosts").fill("harbor.example.com");
    await dialog.getByRole("button", { name: "Make" }).click();
    await dialog.getByRole("alert").filter({ hasText: '"Harbor!" cannot be the name of an instance' }).waitFor();
    await accessible(page, "new instance");
    await shoot(page, "control-new");
    await dialog.getByLabel("Name", { exact: true }).fill("harbor");
    await dialog.getByRole("button", { name: "Make" }).click();
    await page.getByRole("heading", { level: 1, name: "harbor" }).waitFor();
    await page.getByRole("button", { name: "Change…" }).click();
    await dialog.getByLabel("Upgrades may come at any time").uncheck();
    await dialog.getByLabel("Opens at (UTC)").fill("23:30");
    await dialog.getByLabel("Sun").check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("23:30 UTC, 2 h, Sun").waitFor();
    const { items } = await desk.api("GET", "audit");
    assert.deepEqual(items.at(-1).with, { maintenanceWindow: { start: "23:30", hours: 2, days: ["Sun"] } });
    await page.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByLabel("Type harbor to delete it").fill("harb");
    assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
    await dialog.getByLabel("Type harbor to delete it").fill("harbor");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alert").filter({ hasText: "not found" }).waitFor(); // no operator keeps it here
    await page.context().close();
});

it("brings another version by a channel", async () => {
    const page = await desk.visit("/versions");
    await page.getByRole("row", { name: /^stable/ }).getByRole("button", { name: "Change…" }).click();
    const dialog = page.getByRole("dialog", { name: "Change stable" });
    await dialog.getByLabel("Image").fill("registry.example.com/tako:2026.4.2");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByRole("row", { name: /^stable .*2026\.4\.2/ }).waitFor();
    await page.getByRole("button", { name: "New channel…" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("early");
    await page.getByRole("dialog").getByLabel("Image").fill("registry.example.com/tako:2027.1.0");
    await page.getByRole("dialog").getByRole("button", { name: "Make" }).click();
    await page.getByRole("row", { name: /^early/ }).waitFor();
    await page.context().close();
});

it("gives the cluster's own words where it refuses", async (t) => {
    if (!desk.judges) return t.skip("there is no API server here, which judges what is sent");
    const page = await desk.visit("/versions");
    await page.getByRole("row", { name: /^stable/ }).getByRole("button", { name: "Change…" }).click();
    const dialog = page.getByRole("dialog", { name: "Change stable" });
    await dialog.getByLabel("Waves", { exact: true }).fill("5 50");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("alert").filter({ hasText: "the last wave has 100 per cent" }).waitFor();
    await page.context().close();
});

it("keeps what it showed while the control plane is away", async () => {
    const page = await desk.visit("/instances");
    await settled(page);
    await page.context().setOffline(true);
    // Coming back to the page asks again.
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.getByText("The control plane does not answer. Instances go on without it. What you see is from").waitFor();
    assert.equal(await page.getByRole("link", { name: "acme" }).count(), 1);
    await accessible(page, "away");
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("The control plane does not answer.").waitFor({ state: "detached" });
    await page.context().close();
});

it("can be used on a phone", async () => {
    for (const at of ["/instances", "/instances/acme", "/versions", "/service", "/audit"]) {
        const page = await desk.visit(at, { width: 390, height: 844 });
        await settled(page);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wider, 0, `${at} scrolls sideways by ${wider} px`);
        await accessible(page, `${at} on a phone`);
        await shoot(page, `control-phone${at.replaceAll("/", "-")}`);
        await page.context().close();
    }
});
