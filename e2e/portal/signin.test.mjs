import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { accessible, open, save, settled, shoot, skip, themes } from "./browser.mjs";

let portal;
before(async () => { if (!skip) portal = await open(); });
after(() => portal?.close());

test("the front page leads to the portal, whose page is for everybody and held to a strict policy", { skip }, async () => {
    const front = await fetch(portal.server.url, { redirect: "manual" });
    assert.equal(front.status, 302);
    const page = await fetch(new URL(front.headers.get("location"), portal.server.url));
    assert.equal(page.status, 200);
    assert.equal(page.headers.get("cache-control"), "no-store");
    assert.doesNotMatch(page.headers.get("content-security-policy"), /unsafe/);
    const script = (await page.text()).match(/src="(.+?\.js)"/)[1];
    const asset = await fetch(new URL(script, page.url), { headers: { "Accept-Encoding": "br" } });
    assert.match(asset.headers.get("cache-control"), /immutable/);
    assert.equal(asset.headers.get("content-encoding"), "br");
});

test("a wrong password is refused in the server's words; the right one leads to the address that was asked for", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects?q=web", { signedIn: false });
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "The user name or the password is wrong." }).waitFor();
    await page.getByLabel("Password", { exact: true }).fill(portal.server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    assert.equal(new URL(page.url()).hash, "#/Spaces-1/projects?q=web");
    await page.context().close();
});

test("a space is known by its slug, and an unknown one is said to be unknown", { skip }, async () => {
    const page = await portal.visit("/default");
    await page.waitForURL(/#\/Spaces-1$/);
    await page.goto(`${portal.server.url}/app#/Spaces-99`);
    await page.getByText("There is no space Spaces-99").waitFor();
    await page.goto(`${portal.server.url}/app#/Spaces-1/no/such/page`);
    await page.getByText("There is nothing at this address.").waitFor();
    await page.context().close();
});

// below serves the server in a folder, as a proxy in front of several programs
// does.
async function below(folder, target) {
    const proxy = createServer((from, to) => {
        if (!from.url.startsWith(folder)) return to.writeHead(404).end();
        const asked = request(new URL(from.url.slice(folder.length) || "/", target), { method: from.method, headers: from.headers }, (answer) => {
            to.writeHead(answer.statusCode, answer.headers);
            answer.pipe(to);
        });
        asked.on("error", () => to.destroy());
        to.on("close", () => asked.destroy());
        from.pipe(asked);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    return { url: `http://127.0.0.1:${proxy.address().port}${folder}`, close: () => proxy.closeAllConnections() || proxy.close() };
}

test("the portal works in a folder of a proxy", { skip }, async (t) => {
    const proxy = await below("/tools/tako", portal.server.url);
    t.after(() => proxy.close());
    const page = await portal.visit("/", { signedIn: false, server: proxy.url });
    await page.goto(`${proxy.url}/`);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(portal.server.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Dashboard" }).waitFor();
    await portal.api("POST", "/Spaces-1/projects", { Name: "Seen live", ProjectGroupId: (await portal.api("GET", "/Spaces-1/projectgroups/all"))[0].Id, LifecycleId: (await portal.api("GET", "/Spaces-1/lifecycles/all"))[0].Id });
    await page.getByRole("link", { name: "Seen live" }).first().waitFor();
    await page.context().close();
});

test("on a phone the menu opens over the page and leads on", { skip }, async () => {
    const page = await portal.visit("/Spaces-1", { width: 390, height: 844 });
    await page.getByRole("button", { name: "Open the menu" }).click();
    await page.getByRole("dialog", { name: "Menu" }).getByRole("link", { name: "Projects" }).click();
    await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.context().close();
});

test("the theme is that of the system until somebody chooses", { skip }, async () => {
    const page = await portal.visit("/Spaces-1", { theme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await settled(page);
    assert.equal(await ground(), "rgb(15, 20, 26)");
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitem", { name: "Light" }).click();
    assert.equal(await ground(), "rgb(246, 247, 249)");
    await page.reload();
    await settled(page);
    assert.equal(await ground(), "rgb(246, 247, 249)");
    await page.context().close();
});

test("people change their own name and password, and end their sessions everywhere", { skip }, async () => {
    await portal.api("POST", "/users", { Username: "ana", DisplayName: "Ana", Password: "Ana-first-pass-1", IsActive: true });
    const as = { username: "ana", password: "Ana-first-pass-1" };
    const other = await portal.visit("/users/me", { as });
    const page = await portal.visit("/users/me", { signedIn: false });
    await page.getByLabel("User name").fill("ana");
    await page.getByLabel("Password", { exact: true }).fill(as.password);
    await page.keyboard.press("Enter");
    await page.getByLabel("Shown name").fill("Ana Kim");
    await page.getByLabel("Password", { exact: true }).fill("Ana-second-pass-2");
    await save(page);
    await page.getByRole("heading", { level: 1, name: "Ana Kim" }).waitFor();
    for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme });
        await shoot(page, `profile-${theme}`);
        await accessible(page, `profile (${theme})`);
    }
    await page.getByRole("button", { name: "Sign out everywhere…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await other.reload();
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByLabel("User name").fill("ana");
    await page.getByLabel("Password", { exact: true }).fill("Ana-second-pass-2");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Account of Ana Kim" }).waitFor();
    await page.context().close();
    await other.context().close();
});

test("signing out leads back to the sign-in page", { skip }, async () => {
    const page = await portal.visit("/", { signedIn: false });
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(portal.server.password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.context().close();
});

test("the sign-in page is accessible in both themes", { skip }, async () => {
    for (const theme of themes) {
        const page = await portal.visit("/", { signedIn: false, theme });
        await settled(page);
        await shoot(page, `sign-in-${theme}`);
        await accessible(page, `sign-in (${theme})`);
        await page.context().close();
    }
});
