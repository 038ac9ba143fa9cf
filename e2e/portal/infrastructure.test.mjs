import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { absent, startSshd } from "./sshd.mjs";

let portal;
let sshd;
before(async () => {
    if (skip) return;
    portal = await open();
    if (!absent) sshd = await startSshd();
});
after(async () => {
    sshd?.stop();
    await portal?.close();
});

test("a newcomer adds an environment, an account and an SSH target, and sees it become healthy", { skip: skip || absent }, async () => {
    const page = await portal.visit("/Spaces-1/infrastructure/environments");
    await page.getByRole("button", { name: "Add environment…" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("Staging");
    await page.getByRole("dialog").getByRole("button", { name: "Add environment" }).click();
    await page.getByRole("link", { name: "Staging" }).waitFor();

    await page.goto(`${portal.server.url}/app#/Spaces-1/infrastructure/machines/new`);
    await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
    await page.getByLabel("Port").fill(String(sshd.port));
    await page.getByRole("button", { name: "Ask the machine" }).click();
    await assertValue(page.getByLabel("Host key fingerprint"), sshd.fingerprint);
    // The account is made on the way, and what was filled in stays.
    await page.getByRole("button", { name: "Add an SSH key pair…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("deployer");
    await dialog.getByLabel("User name").fill(sshd.user);
    await dialog.getByLabel("Private key").fill(sshd.key);
    await dialog.getByRole("button", { name: "Add account" }).click();
    await dialog.waitFor({ state: "detached" });
    await assertValue(page.getByRole("combobox", { name: "Account" }), `deployer (${sshd.user})`);
    await assertValue(page.getByLabel("Host key fingerprint"), sshd.fingerprint);
    await page.getByLabel("Name", { exact: true }).fill("web-1");
    await page.getByRole("button", { name: "Add target" }).click();
    await page.getByText("A target belongs to at least one environment: choose it.").waitFor();
    await page.getByRole("combobox", { name: "Environments" }).click();
    await page.getByRole("option", { name: "Staging" }).click();
    await page.getByRole("combobox", { name: "Target tags" }).fill("web");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Add target" }).click();
    await page.getByRole("heading", { name: "web-1" }).waitFor();
    // Nobody reloads: the first health check reports here by itself.
    await page.getByText("Healthy", { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole("list", { name: "What the last check wrote" }).getByRole("listitem").first().waitFor();
    await page.getByRole("region", { name: "Latest tasks" }).first().getByRole("row", { name: /health/ }).first().waitFor();

    await page.goto(`${portal.server.url}/app#/Spaces-1/infrastructure/machines?healthStatuses=Healthy`);
    const row = page.getByRole("row", { name: /web-1/ });
    await row.getByText("Staging").waitFor();
    await row.getByText("web", { exact: true }).waitFor();
    await page.context().close();
});

test("another host key is refused, with both fingerprints said", { skip: skip || absent }, async () => {
    const wrong = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const [target] = (await portal.api("GET", "/Spaces-1/machines/all")).filter((m) => m.Name === "web-1");
    const page = await portal.visit(`/Spaces-1/infrastructure/machines/${target.Id}/settings`);
    await page.getByLabel("Host key fingerprint").fill(wrong);
    await save(page);
    await page.getByRole("button", { name: "Check health" }).click();
    await page.getByRole("heading", { name: /Check the health of web-1/ }).waitFor();
    await page.getByText(sshd.fingerprint).first().waitFor({ timeout: 60_000 });
    await page.goto(`${portal.server.url}/app#/Spaces-1/infrastructure/machines/${target.Id}`);
    await page.getByText("Unavailable", { exact: true }).waitFor();
    await page.getByLabel("Host key fingerprint").fill(sshd.fingerprint);
    await save(page);
    await page.context().close();
});

test("a used account and a used environment are kept, and the server's reason is shown", { skip: skip || absent }, async () => {
    const [account] = (await portal.api("GET", "/Spaces-1/accounts/all")).filter((a) => a.Name === "deployer");
    const page = await portal.visit(`/Spaces-1/infrastructure/accounts/${account.Id}`);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete account…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete account" }).click();
    await page.getByText(/web-1/).waitFor();
    assert.equal((await portal.api("GET", `/Spaces-1/accounts/${account.Id}`)).Name, "deployer");
    // Saving what is shown keeps the key that nobody can read.
    await page.getByLabel("Description").fill("For the web servers");
    await save(page);
    const kept = await portal.api("GET", `/Spaces-1/accounts/${account.Id}`);
    assert.equal(kept.Description, "For the web servers");
    assert.equal(kept.PrivateKeyFile.HasValue, true);
    await page.context().close();
});

test("environments are moved in their order", { skip }, async () => {
    await portal.api("POST", "/Spaces-1/environments", { Name: "Before" });
    await portal.api("POST", "/Spaces-1/environments", { Name: "Last" });
    const page = await portal.visit("/Spaces-1/infrastructure/environments");
    await page.getByRole("button", { name: "Move Last up" }).click();
    await page.waitForFunction(() => [...document.querySelectorAll("tbody th")].map((x) => x.textContent).join().includes("Last,Before"));
    const names = (await portal.api("GET", "/Spaces-1/environments/all")).map((e) => e.Name);
    assert.ok(names.indexOf("Last") < names.indexOf("Before"), names.join());
    await page.context().close();
});

for (const [name, at] of [
    ["targets", "/Spaces-1/infrastructure/machines"],
    ["target-add", "/Spaces-1/infrastructure/machines/new"],
    ["environments", "/Spaces-1/infrastructure/environments"],
    ["workers", "/Spaces-1/infrastructure/workers"],
    ["worker-add", "/Spaces-1/infrastructure/workers/new"],
    ["worker-pools", "/Spaces-1/infrastructure/workerpools"],
    ["accounts", "/Spaces-1/infrastructure/accounts"],
    ["account-add", "/Spaces-1/infrastructure/accounts?add=SshKeyPair"],
]) {
    test(`${name} can be used in both themes`, { skip }, () => inBothThemes(portal, name, at));
}

test("a target, an environment and an account can be looked at in both themes, targets on a phone", { skip: skip || absent }, async () => {
    const one = async (kind) => (await portal.api("GET", `/Spaces-1/${kind}/all`))[0].Id;
    const [{ Endpoint }] = await portal.api("GET", "/Spaces-1/machines/all");
    await portal.api("POST", "/Spaces-1/workers", { Name: "worker-1", WorkerPoolIds: [await one("workerpools")], Endpoint });
    await inBothThemes(portal, "target", `/Spaces-1/infrastructure/machines/${await one("machines")}/settings`);
    await inBothThemes(portal, "environment", `/Spaces-1/infrastructure/environments/${await one("environments")}`);
    await inBothThemes(portal, "account", `/Spaces-1/infrastructure/accounts/${await one("accounts")}`);
    await inBothThemes(portal, "worker", `/Spaces-1/infrastructure/workers/${await one("workers")}/settings`);
    await onPhone(portal, "targets", "/Spaces-1/infrastructure/machines", { ready: settled });
    // The worker was checked as it was added, or is about to be.
    const ready = (page) => page.getByRole("region", { name: "Workers by pool" }).first().waitFor();
    await inBothThemes(portal, "infrastructure", "/Spaces-1/infrastructure", { ready });
    await onPhone(portal, "infrastructure", "/Spaces-1/infrastructure", { ready });
    const page = await portal.visit("/Spaces-1/infrastructure");
    const row = page.getByRole("row", { name: /^Staging 1/ });
    await row.getByRole("link").last().click();
    await page.waitForURL(/machines\?environmentIds=Environments-\d+&healthStatuses=\w+$/);
    await page.goBack();
    await row.getByRole("link", { name: "Staging" }).click();
    await page.getByRole("link", { name: "web-1" }).waitFor();
    await page.context().close();
});

async function assertValue(field, want) {
    await field.evaluate((el, wanted) => new Promise((resolve, reject) => {
        const end = Date.now() + 20_000;
        const look = () => (el.value === wanted ? resolve() : Date.now() > end ? reject(new Error(`the field holds ${el.value}`)) : requestAnimationFrame(look));
        look();
    }), want);
}
