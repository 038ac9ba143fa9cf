// Takes the times that people feel in the portal: how soon a dashboard of 40
// projects and 5 environments is there, and how many frames a log of 50,000
// lines drops while it scrolls. Run by bench/run portal; wants Chromium and the
// packages of e2e.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { open } from "../e2e/portal/browser.mjs";
import { board, longLog } from "../e2e/portal/scale.mjs";
import { World } from "../e2e/portal/world.mjs";

const rounds = 9;
const results = new URL("RESULTS.md", import.meta.url);
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];

// dashboardIn says after how many milliseconds from the start of the page's
// loading the last of 200 cells was painted.
async function dashboardIn(portal, context) {
    const page = await context.newPage();
    await page.addInitScript(() => {
        const look = () => {
            if (document.querySelectorAll("table td a").length >= 200) requestAnimationFrame(() => { globalThis.ready = performance.now(); });
            else requestAnimationFrame(look);
        };
        look();
    });
    await page.goto(`${portal.server.url}/app#/Spaces-1`);
    const took = await (await page.waitForFunction(() => globalThis.ready)).jsonValue();
    await page.close();
    return took;
}

// dropped scrolls through the log for five seconds and counts the frames that
// came later than one and a half of their time.
async function dropped(portal, context, task) {
    const page = await context.newPage();
    await page.goto(`${portal.server.url}/app#/Spaces-1/tasks/${task}?activeTab=taskLog`);
    await page.getByRole("log").getByText("counting to 1", { exact: true }).waitFor();
    const counted = await page.evaluate(async () => {
        const box = document.querySelector('[role="log"]');
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        const gaps = [];
        const begin = await frame();
        for (let last = begin; last - begin < 5000; ) {
            box.scrollTop += 600;
            if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) box.scrollTop = 0;
            const now = await frame();
            gaps.push(now - last);
            last = now;
        }
        return { frames: gaps.length, dropped: gaps.reduce((n, gap) => n + Math.max(0, Math.round(gap / (1000 / 60)) - 1), 0), worst: Math.max(...gaps) };
    });
    await page.close();
    return counted;
}

const portal = await open();
try {
    const world = new World((...args) => portal.api(...args));
    await board(world);
    const big = await longLog(world);
    const context = await portal.browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: await portal.signIn() });
    await dashboardIn(portal, context); // fills the browser's cache, as on any day but the first
    const warm = [];
    for (let i = 0; i < rounds; i++) warm.push(await dashboardIn(portal, context));
    const cold = [];
    for (let i = 0; i < 3; i++) {
        const fresh = await portal.browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: await portal.signIn() });
        cold.push(await dashboardIn(portal, fresh));
        await fresh.close();
    }
    const scroll = await dropped(portal, context, big.TaskId);
    const ms = (n) => `${Math.round(n)} ms`;
    const text = `## The portal

Chromium against the built server, both on this machine (${cpus().length} cores, load ${loadavg()[0].toFixed(1)} while measuring).

| what | measured |
|---|---|
| dashboard of 40 projects × 5 environments, from the start of loading to its 200 cells painted, files cached | median ${ms(median(warm))}, best ${ms(Math.min(...warm))}, worst ${ms(Math.max(...warm))} of ${rounds} |
| the same in a browser that has never seen the portal | median ${ms(median(cold))} of 3 |
| a log of 50,000 lines scrolled for 5 s, 600 px a frame | ${scroll.frames} frames, ${scroll.dropped} dropped, the longest took ${ms(scroll.worst)} |
`;
    console.log(text);
    if (!process.argv.includes("-dry")) {
        const before = existsSync(results) ? readFileSync(results, "utf8") : "";
        const kept = before.replace(/## The portal\n[\s\S]*?(?=\n## |$)/, "").trimEnd();
        writeFileSync(results, `${kept}\n\n${text}`);
    }
} finally {
    await portal.close();
}
