// Starts the operator's control plane over a few instances, and a browser.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const operator = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../operator");

// skip says why these tests cannot run here; where everything must be there, they
// fail instead.
export const skip = process.env.CI ? false : existsSync(executablePath) ? false : `${executablePath} is absent; apt-get install chromium brings it`;

// open starts both; close ends them.
export async function open() {
    const folder = mkdtempSync(path.join(tmpdir(), "tako-desk-"));
    const program = path.join(folder, "desk");
    execFileSync("go", ["build", "-o", program, "./fleet/desk"], { cwd: operator, env: { ...process.env, CGO_ENABLED: "0" }, stdio: ["ignore", "inherit", "inherit"] });
    const desk = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(desk, "exit");
    const lines = createInterface({ input: desk.stdout });
    const first = await Promise.race([once(lines, "line"), ended.then(([code]) => assert.fail(`the control plane ended with ${code}`))]);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    return new Desk(JSON.parse(first[0]), browser, async () => {
        desk.stdin.end();
        await ended;
        rmSync(folder, { recursive: true });
    });
}

class Desk {
    constructor(said, browser, end) {
        Object.assign(this, said, { browser, end, complaints: [] });
    }

    async close() {
        await this.browser.close();
        await this.end();
        assert.deepEqual(this.complaints, [], "the pages complained");
    }

    // api asks as one who may change.
    async api(method, at, body) {
        const response = await fetch(`${this.url}/api/${at}`, { method, headers: { Authorization: `Bearer ${this.operator}` }, body: body && JSON.stringify(body) });
        const said = await response.json();
        assert.ok(response.ok, `${method} ${at}: ${response.status} ${JSON.stringify(said)}`);
        return said;
    }

    // visit opens an address below # in a fresh profile, signed in by a token unless
    // it is empty.
    async visit(at, { token = this.operator, theme = "light", width = 1440, height = 900 } = {}) {
        const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "America/New_York" });
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        // What the server refuses is written to the console too, and is no fault.
        page.on("console", (m) => m.type() === "error" && !/Failed to load resource/.test(m.text()) && this.complaints.push(`${page.url()}: ${m.text()}`));
        page.on("pageerror", (e) => this.complaints.push(`${page.url()}: ${e.stack}`));
        if (token) {
            const response = await context.request.post(`${this.url}/api/sign-in`, { data: { token } });
            assert.ok(response.ok(), await response.text());
        }
        await page.goto(`${this.url}/#${at}`);
        return page;
    }
}

// settled waits until what a page shows was loaded.
export async function settled(page) {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" });
}
