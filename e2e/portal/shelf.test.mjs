// What the projects of a space share besides packages and variables.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, save, settled, skip } from "./browser.mjs";
import { World } from "./world.mjs";

const space = "/Spaces-1";

let portal;
let folder;
let project;
before(async () => {
    if (skip) return;
    portal = await open();
    folder = mkdtempSync(path.join(tmpdir(), "tako-shelf-"));
    const world = new World((...a) => portal.api(...a));
    await world.environments("Development");
    project = await world.project("Shop");
});
after(async () => {
    if (folder) rmSync(folder, { recursive: true });
    await portal?.close();
});

// certificate makes a file with a certificate and its key.
function certificate(name, days) {
    const file = path.join(folder, `${name}-${days}.pem`);
    const key = `${file}.key`;
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, "-days", String(days), "-subj", `/CN=${name}`], { stdio: "ignore" });
    return { name: `${name}.pem`, mimeType: "application/x-pem-file", buffer: Buffer.concat([readFileSync(file), readFileSync(key)]) };
}

async function create(page, heading) {
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

test("a feed is added, tried, and says why it does not answer", { skip }, async () => {
    const page = await portal.visit(`${space}/library/feeds`);
    await settled(page);
    await page.getByRole("link", { name: "Add feed" }).click();
    await page.getByRole("combobox", { name: "Type" }).click();
    await page.getByRole("option", { name: "npm", exact: true }).click();
    await page.getByLabel("Name", { exact: true }).fill("Nobody is there");
    await page.getByLabel("Address").fill("http://127.0.0.1:1/registry");
    await page.getByLabel("User name").fill("reader");
    await page.getByLabel("Password or token").fill("secret-1");
    await create(page, "Nobody is there");
    const [feed] = (await portal.api("GET", `${space}/feeds/all`)).filter((f) => f.FeedType === "Npm");
    assert.deepEqual([feed.Username, feed.Password.HasValue], ["reader", true]);
    await page.getByRole("main").getByRole("button", { name: "Search" }).click();
    await page.getByRole("alert").filter({ hasText: "127.0.0.1" }).waitFor();
    // Saved again, the password stays.
    await page.getByLabel("Name", { exact: true }).fill("Nobody at home");
    await save(page);
    assert.equal((await portal.api("GET", `${space}/feeds/${feed.Id}`)).Password.HasValue, true);

    const packed = new FormData();
    packed.append("file", new Blob([Buffer.from(`504b0506${"00".repeat(18)}`, "hex")]), "Shop.Web.1.2.3.zip"); // an empty zip
    await portal.api("POST", `${space}/packages/raw`, packed);
    await page.goto(`${portal.server.url}/app#${space}/library/feeds/feeds-builtin`);
    await page.getByLabel("Find packages").fill("shop");
    await page.getByRole("main").getByRole("button", { name: "Search" }).click();
    await page.getByRole("row", { name: /Shop\.Web.*1\.2\.3/ }).waitFor();
    await page.context().close();
});

test("a certificate is uploaded, warns before it expires, is used, replaced and archived", { skip }, async () => {
    const page = await portal.visit(`${space}/library/certificates/create`);
    await settled(page);
    await page.locator("input[type=file]").setInputFiles(certificate("shop.example.com", 20));
    await create(page, "shop.example.com");
    await page.getByText("Expires in 19 days").first().waitFor();
    const [made] = await portal.api("GET", `${space}/certificates/all`);
    assert.deepEqual([made.SubjectCommonName, made.HasPrivateKey], ["shop.example.com", true]);

    const set = await portal.api("GET", `${space}/variables/${project.VariableSetId}`);
    await portal.api("PUT", `${space}/variables/${project.VariableSetId}`, { ...set, Variables: [{ Name: "Site", Value: made.Id, Type: "Certificate", Scope: {} }] });
    await page.getByRole("link", { name: "Shop", exact: true }).waitFor();

    await page.getByRole("button", { name: "Replace…" }).click();
    await page.getByRole("dialog").locator("input[type=file]").setInputFiles(certificate("shop.example.com", 300));
    await page.getByRole("dialog").getByRole("button", { name: "Replace", exact: true }).click();
    await page.getByText("Valid", { exact: true }).first().waitFor();
    const now = await portal.api("GET", `${space}/certificates/${made.Id}`);
    assert.notEqual(now.Thumbprint, made.Thumbprint);
    await page.goto(`${portal.server.url}/app#${space}/library/certificates?archived=yes`);
    await page.getByRole("row", { name: /shop\.example\.com.*Archived/ }).waitFor();
    await page.context().close();
});

test("a script module, a Git credential, a proxy and a machine policy are made and changed", { skip }, async () => {
    const page = await portal.visit(`${space}/library/scripts/create`);
    await settled(page);
    await page.getByLabel("Name", { exact: true }).fill("Retry");
    await page.locator(".cm-content").click();
    await page.keyboard.type("again() { \"$@\" || \"$@\"; }");
    await create(page, "Retry");
    const [module] = await portal.api("GET", `${space}/libraryvariablesets/all?contentType=ScriptModule`);
    const text = async () => Object.fromEntries((await portal.api("GET", `${space}/variables/${module.VariableSetId}`)).Variables.map((v) => [v.Name, v.Value]));
    assert.match((await text())["Octopus.Script.Module[Retry]"], /again\(\)/);
    assert.equal((await text())["Octopus.Script.Module.Language[Retry]"], "Bash");
    // The text goes with the name.
    await page.getByLabel("Name", { exact: true }).fill("Try again");
    await save(page);
    assert.deepEqual(Object.keys(await text()).toSorted(), ["Octopus.Script.Module.Language[Try again]", "Octopus.Script.Module[Try again]"]);

    await page.goto(`${portal.server.url}/app#${space}/library/gitcredentials/create`);
    await page.getByRole("heading", { level: 1, name: "Add Git credential" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Deploy bot");
    await page.getByLabel("User name").fill("bot");
    await page.getByLabel("Password or token").fill("token-1");
    await page.getByRole("switch", { name: "Only for some repositories" }).click();
    await page.getByRole("combobox", { name: "Addresses of repositories" }).fill("https://git.example.com/shop/*");
    await page.keyboard.press("Enter");
    await create(page, "Deploy bot");
    const [credential] = await portal.api("GET", `${space}/git-credentials/all`);
    assert.deepEqual([credential.Details.Username, credential.Details.Password.HasValue], ["bot", true]);
    assert.deepEqual(credential.RepositoryRestrictions, { Enabled: true, AllowedRepositories: ["https://git.example.com/shop/*"] });

    await page.goto(`${portal.server.url}/app#${space}/library/gitcredentials/create`);
    await page.getByRole("heading", { level: 1, name: "Add Git credential" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Deploy key");
    await page.getByRole("combobox", { name: "Signs in with" }).click();
    await page.getByRole("option", { name: "A private key, over SSH" }).click();
    const key = generateKeyPairSync("ed25519", { publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    await page.getByLabel("Private key", { exact: true }).fill(key.privateKey);
    const print = `SHA256:${"A".repeat(42)}E`;
    await page.getByRole("combobox", { name: "Fingerprints of host keys" }).fill(print);
    await page.keyboard.press("Enter");
    await create(page, "Deploy key");
    const byKey = (await portal.api("GET", `${space}/git-credentials/all`)).find((c) => c.Name === "Deploy key").Details;
    assert.deepEqual([byKey.Type, byKey.PrivateKeyFile.HasValue, byKey.HostKeyFingerprints], ["SshKeyPair", true, [print]]);

    await page.goto(`${portal.server.url}/app#${space}/infrastructure/proxies/create`);
    await page.getByRole("heading", { level: 1, name: "Add proxy" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Edge");
    await page.getByLabel("Host", { exact: true }).fill("proxy.example.com");
    await page.getByLabel("Port").fill("3128");
    await create(page, "Edge");
    const [proxy] = await portal.api("GET", `${space}/proxies/all`);
    assert.deepEqual([proxy.Host, proxy.Port], ["proxy.example.com", 3128]);

    await page.goto(`${portal.server.url}/app#${space}/infrastructure/machinepolicies/create`);
    await page.getByRole("heading", { level: 1, name: "Add machine policy" }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Patient");
    await page.getByRole("combobox", { name: "When health is checked" }).click();
    await page.getByRole("option", { name: "By schedule" }).click();
    await page.getByLabel("Cron expression").fill("0 0 5 * * *");
    await page.getByLabel("Time zone").fill("Nowhere/City");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "there is no time zone" }).waitFor();
    await page.getByLabel("Time zone").fill("UTC");
    await page.getByRole("switch", { name: /Delete machines that have been unavailable/ }).click();
    await create(page, "Patient");
    const policy = (await portal.api("GET", `${space}/machinepolicies/all`)).find((p) => p.Name === "Patient");
    assert.deepEqual([policy.MachineHealthCheckPolicy.HealthCheckCron, policy.MachineCleanupPolicy], ["0 0 5 * * *", { DeleteMachinesBehavior: "DeleteUnavailableMachines", DeleteMachinesElapsedTimeSpan: "1.00:00:00" }]);
    await page.context().close();
});

test("a step template is made with a parameter, used, and compared with what it was", { skip }, async () => {
    const page = await portal.visit(`${space}/library/steptemplates/create`);
    await settled(page);
    await page.getByLabel("Name", { exact: true }).fill("Warm up");
    await page.locator(".cm-content").click();
    await page.keyboard.type("curl -fsS https://example.com");
    await page.getByRole("button", { name: "Add parameter" }).click();
    await page.getByLabel("Variable name").fill("Address");
    await page.getByLabel("Default value").fill("http://localhost");
    await create(page, "Warm up");
    const [template] = await portal.api("GET", `${space}/actiontemplates/all`);
    assert.deepEqual([template.ActionType, template.Parameters.map((p) => [p.Name, p.DefaultValue])], ["Octopus.Script", [["Address", "http://localhost"]]]);
    assert.match(template.Properties["Octopus.Action.Script.ScriptBody"], /curl/);

    const at = `${space}/projects/${project.Id}/deploymentprocesses`;
    const process = await portal.api("GET", at);
    const Properties = { ...template.Properties, "Octopus.Action.Template.Id": template.Id, "Octopus.Action.Template.Version": String(template.Version), Address: "http://shop" };
    await portal.api("PUT", at, { ...process, Steps: [{ Name: "Warm the shop", Actions: [{ Name: "Warm the shop", ActionType: "Octopus.Script", Properties }] }] });
    await page.getByLabel("Description").fill("Until it answers");
    await save(page);
    await page.getByRole("row", { name: new RegExp(`Warm the shop.*Shop.*Version ${template.Version}`) }).waitFor();
    await page.getByRole("combobox", { name: "Compare this version with" }).click();
    await page.getByRole("option", { name: `Version ${template.Version}`, exact: true }).click();
    await page.getByRole("region", { name: "What has changed" }).getByText("Until it answers").waitFor();
    await page.context().close();
});

test("a community step template is installed and opened", { skip }, async () => {
    const page = await portal.visit(`${space}/library/steptemplates`);
    await page.getByRole("link", { name: "Community templates" }).click();
    await page.getByRole("searchbox", { name: "Filter" }).fill("slack");
    await page.getByRole("button", { name: "Install Slack - Send a Message" }).click();
    const row = page.getByRole("row", { name: /Slack - Send a Message.*Installed/ });
    await row.waitFor();
    await row.getByRole("button", { name: "Update Slack - Send a Message" }).click();
    await page.getByText("Slack - Send a Message is up to date.").waitFor();
    await row.getByRole("link", { name: "Slack - Send a Message" }).click();
    await page.getByRole("heading", { level: 1, name: "Slack - Send a Message" }).waitFor();
    await page.context().close();
});

test("what projects share can be looked at in both themes and on a phone", { skip }, async () => {
    const first = async (kind) => (await portal.api("GET", `${space}/${kind}/all`))[0].Id;
    const current = (await portal.api("GET", `${space}/certificates/all`)).find((c) => !c.Archived);
    const npm = (await portal.api("GET", `${space}/feeds/all`)).find((f) => f.FeedType === "Npm");
    for (const [name, at, ready] of [
        ["feeds", "library/feeds"],
        ["feed", `library/feeds/${npm.Id}`],
        ["feed-add", "library/feeds/create"],
        ["certificates", "library/certificates"],
        ["certificate", `library/certificates/${await first("certificates")}`],
        ["certificate-replace", `library/certificates/${current.Id}`, async (p) => {
            await p.getByRole("button", { name: "Replace…" }).click();
            await p.getByRole("dialog").waitFor();
        }],
        ["certificate-add", "library/certificates/create"],
        ["modules", "library/scripts"],
        ["module", `library/scripts/${await first("libraryvariablesets")}`],
        ["git-credentials", "library/gitcredentials"],
        ["git-credential", `library/gitcredentials/${await first("git-credentials")}`],
        ["step-templates", "library/steptemplates"],
        ["community-templates", "library/steptemplates/community"],
        ["step-template", `library/steptemplates/${await first("actiontemplates")}`],
        ["machine-policies", "infrastructure/machinepolicies"],
        ["machine-policy", `infrastructure/machinepolicies/${await first("machinepolicies")}`],
        ["proxies", "infrastructure/proxies"],
        ["proxy", `infrastructure/proxies/${await first("proxies")}`],
    ]) {
        await inBothThemes(portal, name, `${space}/${at}`, { ready });
        await onPhone(portal, name, `${space}/${at}`, { ready });
    }
});
