// The portal in Debian's Chromium, against the built server. Tests find things
// by role and label, as people and screen readers do.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { absent, engines, start } from "../server.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../tmp/portal");

// skip says why the browser tests cannot run here; where everything must be
// there, they fail instead.
export const skip = process.env.CI ? false : absent || (existsSync(executablePath) ? false : `${executablePath} is absent; apt-get install chromium brings it`);

export const themes = ["light", "dark"];

// open starts a server and a browser; close ends both.
export async function open(how) {
    const server = await start(engines()[0], how);
    try {
        const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
        return new Portal(server, browser);
    } catch (e) {
        await server.stop();
        throw e;
    }
}

class Portal {
    constructor(server, browser) {
        this.server = server;
        this.browser = browser;
        this.session = undefined;
        this.complaints = [];
    }

    async close() {
        await this.browser.close();
        await this.server.stop();
        assert.deepEqual(this.complaints, [], "the pages complained");
    }

    // api sends a request as the administrator.
    async api(method, at, body) {
        const isRaw = body instanceof Uint8Array || body instanceof FormData;
        const response = await fetch(`${this.server.url}/api${at}`, {
            method,
            headers: { "X-Octopus-ApiKey": this.server.key },
            body: body === undefined || isRaw ? body : JSON.stringify(body),
        });
        const text = await response.text();
        assert.ok(response.ok, `${method} ${at}: ${response.status} ${text}`);
        return text ? JSON.parse(text) : undefined;
    }

    // visit opens an address below # in a fresh browser profile, signed in
    // unless said otherwise.
    async visit(at = "/", { theme = "light", width = 1440, height = 900, signedIn = true, as, server = this.server.url } = {}) {
        const context = await this.browser.newContext({
            viewport: { width, height },
            colorScheme: theme,
            reducedMotion: "reduce",
            locale: "en-GB",
            timezoneId: "UTC",
            storageState: signedIn ? await this.signIn(as) : undefined,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        // What the server refuses is written to the console too, and is no fault.
        page.on("console", (m) => m.type() === "error" && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE/.test(m.text()) && this.complaints.push(`${page.url()}: ${m.text()}`));
        page.on("pageerror", (e) => this.complaints.push(`${page.url()}: ${e.stack}`));
        await page.goto(`${server}/app#${at}`);
        return page;
    }

    // signIn gives the cookies of a session, made once for each user.
    async signIn({ username = "admin", password = this.server.password } = {}) {
        this.sessions ??= new Map();
        if (!this.sessions.has(username)) {
            const context = await this.browser.newContext();
            const response = await context.request.post(`${this.server.url}/api/users/login`, { data: { Username: username, Password: password } });
            assert.ok(response.ok(), await response.text());
            this.sessions.set(username, await context.storageState());
            await context.close();
        }
        return this.sessions.get(username);
    }
}

// settled waits until nothing of the page is being loaded any more.
export async function settled(page) {
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    // What was read may bring more that is to be read.
    await page.waitForFunction(async () => {
        for (let frame = 0; frame < 3; frame++) {
            if (document.querySelector('[role="status"][aria-label="Loading"]')) return false;
            await new Promise((resolve) => requestAnimationFrame(resolve));
        }
        return true;
    });
}

// bar is what stands at the foot of a page whose changes are not saved.
export const bar = (page) => page.getByRole("region", { name: "Unsaved changes" });

// save saves what a form holds: its bar goes when the server has taken it.
export async function save(page) {
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await bar(page).waitFor({ state: "detached" });
}

// commit says in the bar what has changed, and commits it.
export async function commit(page, message) {
    await bar(page).getByLabel("Commit message").fill(message);
    await bar(page).getByRole("button", { name: "Commit" }).click();
    await bar(page).waitFor({ state: "detached" });
}

// shoot leaves a picture of the page for people to look at.
export async function shoot(page, name) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: path.join(shots, `${name}.png`), animations: "disabled", caret: "hide" });
}

// accessible fails where the page breaks a rule of WCAG 2.2 AA.
export async function accessible(page, name) {
    // What floats over the page for the moment is not what its targets are close to.
    await page.evaluate(() => {
        for (const bar of globalThis.document.querySelectorAll("[aria-label='Unsaved changes']")) bar.style.position = "static";
    });
    await page.evaluate(axeSource);
    const found = await page.evaluate(() => {
        // A menu is over the page for as long as it is open, as a dialog is.
        globalThis.axe.configure({ checks: [{ id: "region", options: { regionMatcher: "dialog, [role=dialog], [role=alertdialog], [role=menu], svg" } }] });
        // The kit's dialogs have a header element outside of the page's own.
        return globalThis.axe.run(document, { rules: { "landmark-no-duplicate-banner": { enabled: false }, "landmark-unique": { enabled: false } }, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] });
    });
    const list = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 4).map((n) => `${n.html.slice(0, 200)} ${n.any[0]?.message ?? ""}`).join("\n  ")}`);
    assert.deepEqual(list, [], `${name} has faults of accessibility`);
}

// inBothThemes opens an address in each theme, holds it against the rules of
// accessibility, and takes a picture.
export async function inBothThemes(portal, name, at, { ready, ...options } = {}) {
    for (const theme of themes) {
        const page = await portal.visit(at, { ...options, theme });
        await settled(page);
        await ready?.(page);
        await shoot(page, `${name}-${theme}`);
        await accessible(page, `${name} (${theme})`);
        await page.context().close();
    }
}

// onPhone opens an address on a small screen, where nothing may need to be
// scrolled sideways but what is made for it.
export async function onPhone(portal, name, at, { ready, ...options } = {}) {
    const page = await portal.visit(at, { ...options, width: 390, height: 844 });
    await settled(page);
    await ready?.(page);
    await shoot(page, `${name}-phone`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} px too wide for a phone`);
    await page.context().close();
}
