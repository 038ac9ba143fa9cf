import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible, inBothThemes, onPhone, open, settled, shoot, skip } from "./browser.mjs";

let portal;
before(async () => { if (!skip) portal = await open({ bare: true }); });
after(() => portal?.close());

// printed is what the server tells whoever started it first, in plain lines.
function printed() {
    const value = (name) => new RegExp(`^ +${name} +(\\S+)$`, "m").exec(portal.server.log())[1];
    return { address: value("Tako"), username: value("User name"), password: value("Password") };
}

// step is a step of the checklist that is open.
const step = (page, title) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: title }) });

test("a newcomer comes from what the server prints to a deployed package", { skip }, async () => {
    const { address, username, password } = printed();
    const page = await portal.visit("/", { signedIn: false });
    await page.goto(address);
    await page.getByLabel("User name").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();

    await step(page, "Add an environment").getByRole("button", { name: "Add environment" }).waitFor();
    await shoot(page, "start-light");
    await accessible(page, "the checklist at its start");
    await page.getByRole("button", { name: "Add environment" }).click();
    const project = step(page, "Add a project from a sample");
    await project.getByRole("button", { name: "Add project" }).waitFor();
    await shoot(page, "start-project-light");
    await accessible(page, "the choice of a sample");
    await project.getByRole("button", { name: "Add project" }).click();

    await page.getByRole("link", { name: "Create release…" }).click();
    await page.getByRole("heading", { level: 1, name: "Create release" }).waitFor();
    await page.getByRole("button", { name: "Create release" }).click();
    await page.getByRole("heading", { level: 1, name: "Release 0.0.1" }).waitFor();
    // Whoever leaves here finds the way again.
    await page.getByRole("link", { name: "Tako, to the dashboard" }).click();
    await page.getByRole("link", { name: "Deploy 0.0.1 to Development…" }).click();
    await page.getByRole("heading", { level: 1, name: "Deploy 0.0.1" }).waitFor();
    await page.getByRole("button", { name: "Deploy to Development" }).click();

    await page.getByRole("heading", { level: 1, name: /0\.0\.1.*Development/ }).waitFor();
    await page.getByText("Success", { exact: true }).first().waitFor({ timeout: 60_000 });
    await shoot(page, "start-done-light");
    const artifact = page.getByRole("link", { name: "published.html" });
    const [download] = await Promise.all([page.waitForEvent("download"), artifact.click()]);
    const deployed = readFileSync(await download.path(), "utf8");
    assert.match(deployed, /<h1>Hello from Development<\/h1><p>Release 0\.0\.1<\/p>/);

    await page.getByRole("link", { name: "Tako, to the dashboard" }).click();
    await page.getByRole("table").getByRole("link", { name: /0\.0\.1/ }).waitFor();
    assert.equal(await page.getByRole("region", { name: "Setup checklist" }).count(), 0);
    await page.context().close();
});

test("a space of its own begins with the checklist, and keeps it away once it is hidden", { skip }, async () => {
    const { username, password } = printed();
    const as = { username, password };
    await portal.signIn(as);
    const page = await portal.visit("/", { as });
    await settled(page);
    const made = await page.evaluate(async () => {
        const token = document.cookie.split("; ").find((c) => c.startsWith("Octopus-Csrf-Token"))?.split("=")[1] ?? "";
        const headers = { "X-Octopus-Csrf-Token": decodeURIComponent(token) };
        const me = await (await fetch("/api/users/me")).json();
        const answer = await fetch("/api/spaces", { method: "POST", headers, body: JSON.stringify({ Name: "Second", SpaceManagersTeamMembers: [me.Id] }) });
        return answer.json();
    });
    await page.goto(`${portal.server.url}/app#/${made.Id}`);
    await page.reload();
    await page.getByRole("region", { name: "Setup checklist" }).waitFor();
    await page.getByRole("button", { name: "Hide" }).click();
    await page.getByText("Nothing has been deployed in this space yet.").waitFor();
    await page.getByRole("link", { name: "Open the setup checklist" }).click();
    await page.getByRole("heading", { level: 1, name: "Set up this space" }).waitFor();
    await page.context().close();
    await inBothThemes(portal, "setup", `/${made.Id}/start`, { as });
    await onPhone(portal, "setup", `/${made.Id}/start`, { as });
});
