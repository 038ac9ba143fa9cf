import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { inBothThemes, open, skip } from "./browser.mjs";

let portal;
let dir;
before(async () => {
    if (skip) return;
    dir = mkdtempSync(path.join(tmpdir(), "tako-portal-library-"));
    writeFileSync(path.join(dir, "index.html"), "hello");
    for (const version of ["1.0.0", "1.1.0"]) execFileSync("tar", ["-czf", path.join(dir, `web.${version}.tar.gz`), "-C", dir, "index.html"]);
    portal = await open();
});
after(async () => {
    await portal?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
});

test("packages are pushed from the page; the same version only when that is wanted", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/library");
    const input = page.locator("input[type=file]");
    await input.setInputFiles(["1.0.0", "1.1.0"].map((v) => path.join(dir, `web.${v}.tar.gz`)));
    await page.getByText("web 1.1.0 is there.").waitFor();
    await page.getByRole("row", { name: /^web 1\.1\.0/ }).waitFor();
    await input.setInputFiles(path.join(dir, "web.1.1.0.tar.gz"));
    await page.getByText(/web.*1\.1\.0.*already/i).waitFor();
    await page.getByLabel("Replace what has the same version").check();
    await input.setInputFiles(path.join(dir, "web.1.1.0.tar.gz"));
    await page.getByText("web 1.1.0 is there.").nth(1).waitFor();

    await page.getByRole("link", { name: "web", exact: true }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download 1.0.0" }).click();
    assert.equal((await download).suggestedFilename(), "web.1.0.0.tar.gz");
    await page.getByRole("button", { name: "Delete 1.0.0…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete 1.0.0" }).click();
    await page.getByRole("row", { name: /^1\.0\.0/ }).waitFor({ state: "detached" });
    const { Items } = await portal.api("GET", "/Spaces-1/packages?nuGetPackageId=web");
    assert.deepEqual(Items.map((p) => p.Version), ["1.1.0"]);
    await page.context().close();
});

test("the audit trail says who changed what, from what to what", { skip }, async () => {
    const made = await portal.api("POST", "/Spaces-1/environments", { Name: "Audited", Description: "before" });
    await portal.api("PUT", `/Spaces-1/environments/${made.Id}`, { ...made, Description: "after" });
    const page = await portal.visit("/Spaces-1/audit?documentTypes=Environments");
    await page.getByRole("button", { name: /Audited was changed/ }).click();
    const change = page.getByRole("region", { name: "Change of Description" });
    await change.getByText("before").waitFor();
    await change.getByText("after").waitFor();
    await page.context().close();
    await inBothThemes(portal, "audit", "/Spaces-1/audit");
});

test("a new API key is shown once, works, and is refused once it is revoked", { skip }, async () => {
    const page = await portal.visit("/users/me/apiKeys");
    await page.getByRole("button", { name: "New key…" }).click();
    await page.getByLabel("Purpose").fill("the pipeline");
    await page.getByRole("button", { name: "Make key" }).click();
    const field = page.getByLabel("Key", { exact: true });
    await field.waitFor();
    const key = await field.inputValue();
    const ask = () => fetch(`${portal.server.url}/api/users/me`, { headers: { "X-Octopus-ApiKey": key } });
    assert.equal((await ask()).status, 200);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Revoke the pipeline…" }).click();
    await page.getByRole("button", { name: "Revoke the pipeline", exact: true }).click();
    await page.getByRole("row", { name: /the pipeline/ }).waitFor({ state: "detached" });
    assert.equal((await ask()).status, 401);
    await page.context().close();
});

test("build information can be used in both themes", { skip }, async () => {
    const build = await portal.api("POST", "/Spaces-1/build-information", { PackageId: "web", Version: "1.0.0", OctopusBuildInformation: {
        BuildNumber: "17", BuildEnvironment: "Jenkins", Branch: "main", Commits: [{ Id: "1234567890ab", Comment: "Says hello" }] } });
    await inBothThemes(portal, "builds", "/Spaces-1/library/buildinformation");
    await inBothThemes(portal, "build", `/Spaces-1/library/buildinformation/${build.Id}`);
});

for (const [name, at] of [
    ["packages", "/Spaces-1/library"],
    ["package", "/Spaces-1/library/builtinrepository/web"],
    ["api-keys", "/users/me/apiKeys"],
    ["api-key-add", "/users/me/apiKeys?add=yes"],
]) {
    test(`${name} can be used in both themes`, { skip }, () => inBothThemes(portal, name, at));
}
