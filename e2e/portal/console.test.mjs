// The script console: a script run on a real machine, and run again otherwise.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, settled, skip } from "./browser.mjs";
import { absent, startSshd } from "./sshd.mjs";

let portal, sshd;
const at = "/Spaces-1/tasks/console";
const without = skip || absent;

before(async () => {
    if (without) return;
    sshd = await startSshd();
    portal = await open();
    const environment = await portal.api("POST", "/Spaces-1/environments", { Name: "Production" });
    const account = await portal.api("POST", "/Spaces-1/accounts", { Name: "deployer", AccountType: "SshKeyPair", Username: sshd.user, PrivateKeyFile: { HasValue: true, NewValue: Buffer.from(sshd.key).toString("base64") } });
    for (const [Name, role] of [["web-1", "web"], ["db-1", "db"]]) {
        await portal.api("POST", "/Spaces-1/machines", {
            Name, Roles: [role], EnvironmentIds: [environment.Id],
            Endpoint: { CommunicationStyle: "Ssh", AccountId: account.Id, Host: "127.0.0.1", Port: sshd.port, Fingerprint: sshd.fingerprint, DotNetCorePlatform: "linux-x64" },
        });
    }
});
after(async () => {
    await portal?.close();
    sshd?.stop();
});

test("a script runs on the machines that are chosen, and is changed and run again", { skip: without }, async () => {
    const page = await portal.visit("/Spaces-1/tasks");
    await page.getByRole("link", { name: "Script console…" }).click();
    const run = page.getByRole("button", { name: "Run script" });
    assert.ok(await run.isDisabled(), "nothing is chosen yet");
    await page.getByLabel("Environments").first().click();
    await page.getByRole("option", { name: "Production" }).click();
    await page.keyboard.press("Escape");
    await page.getByText("It runs on").waitFor();
    await page.getByLabel("Target tags").first().click();
    await page.getByRole("option", { name: "web" }).click();
    await page.keyboard.press("Escape");
    await page.getByText("It runs on web-1.").waitFor();
    await page.getByRole("textbox", { name: "Script" }).click();
    await page.keyboard.type("echo it is $((40 + 2)) on the machine");
    await page.getByRole("button", { name: "Run on one machine" }).click();
    await page.getByRole("heading", { level: 1, name: "Run a script on one machine" }).waitFor();
    await page.getByText("Success", { exact: true }).first().waitFor({ timeout: 60_000 });
    await page.getByRole("tab", { name: "Task log" }).click();
    await page.getByText("it is 42 on the machine").waitFor();

    await page.getByRole("link", { name: "Change and run again…" }).click();
    await page.getByText("It runs on web-1.").waitFor();
    await page.getByRole("textbox", { name: "Script" }).getByText("40 + 2").waitFor();
    await page.getByRole("table").getByRole("link", { name: "Run a script on one machine" }).first().waitFor();
    await page.context().close();
});

test("who may not start tasks is told so", { skip: without }, async () => {
    const user = await portal.api("POST", "/users", { Username: "rita", DisplayName: "Rita", Password: "Password1!", IsActive: true });
    const team = await portal.api("POST", "/teams", { Name: "Viewers", SpaceId: "Spaces-1", MemberUserIds: [user.Id] });
    await portal.api("POST", "/scopeduserroles", { TeamId: team.Id, UserRoleId: "userroles-projectviewer", SpaceId: "Spaces-1" });
    const page = await portal.visit(at, { as: { username: "rita", password: "Password1!" } });
    await page.getByText("You may not see this.").waitFor();
    await page.getByText(/TaskCreate/).waitFor();
    await page.context().close();
});

test("the script console is accessible in both themes and fits a phone", { skip: without }, async () => {
    await inBothThemes(portal, "console", at, { ready: settled });
    await onPhone(portal, "console", at, { ready: settled });
});
