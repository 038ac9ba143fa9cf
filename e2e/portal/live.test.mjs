// Live updates: one stream for all tabs of a browser, and what happens when it
// is cut.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { open, settled, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project;
before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development");
    project = await world.project("Acme", [script("Say hello", "echo hello")]);
});
after(() => portal?.close());

// line is a wire to the server that can be cut and mended.
async function line(target) {
    const sockets = new Set();
    let streams = 0;
    let held = Promise.resolve(); // until when streams wait to begin
    const server = createServer((from) => {
        const to = connect(Number(target.port), target.hostname);
        for (const s of [from, to]) {
            sockets.add(s);
            s.on("error", () => {});
            s.on("close", () => sockets.delete(s) && from.destroy() && to.destroy());
        }
        from.on("data", async (chunk) => {
            if (/^GET \S*\/ui\/events/.test(chunk.toString("latin1"))) {
                streams++;
                from.pause();
                await held;
                from.resume();
            }
            to.write(chunk);
        });
        from.on("end", () => to.end());
        to.pipe(from);
    });
    const listen = async (port) => {
        server.listen(port, "127.0.0.1");
        await once(server, "listening");
        return server.address().port;
    };
    const port = await listen(0);
    return {
        url: `http://127.0.0.1:${port}`,
        streams: () => streams,
        // hold keeps streams from beginning until the answer is called.
        hold() {
            let free;
            held = new Promise((resolve) => { free = resolve; });
            return free;
        },
        async cut() {
            const closed = once(server, "close");
            server.close();
            for (const s of sockets) s.destroy();
            await closed;
        },
        mend: () => listen(port),
    };
}

test("what happens while the stream is cut is there when it is mended, with no reload", { skip }, async () => {
    const wire = await line(new URL(portal.server.url));
    const page = await portal.visit("/Spaces-1", { server: wire.url });
    await settled(page);
    const cell = (version) => page.getByRole("row", { name: /Acme/ }).getByRole("link", { name: new RegExp(version) });
    await world.ended(await world.deploy(await world.release(project, "1.0.0"), world.stages[0]));
    await cell("1\\.0\\.0").waitFor();
    await wire.cut();
    await page.getByText(/Live updates are cut/).waitFor();
    await world.ended(await world.deploy(await world.release(project, "2.0.0"), world.stages[0]));
    assert.equal(await cell("2\\.0\\.0").count(), 0);
    await wire.mend();
    await page.getByRole("button", { name: "Connect now" }).click().catch(() => {}); // it may have come back by itself
    await cell("2\\.0\\.0").waitFor();
    await page.getByText(/Live updates are cut/).waitFor({ state: "detached" });
    await page.context().close();
    await wire.cut();
});

test("what happens between the reading of a page and its stream is there, and nothing is read twice", { skip }, async () => {
    const wire = await line(new URL(portal.server.url));
    const free = wire.hold();
    const page = await portal.visit("/Spaces-1/projects", { server: wire.url });
    let reads = 0;
    page.on("request", (r) => { if (/\/environments\/all$/.test(new URL(r.url()).pathname)) reads++; });
    await page.getByRole("link", { name: "Acme", exact: true }).waitFor();
    await page.goto(`${wire.url}/app#/Spaces-1/infrastructure/environments`);
    await page.getByRole("link", { name: "Development" }).waitFor();
    await portal.api("POST", "/Spaces-1/environments", { Name: "Meanwhile" });
    assert.equal(reads, 1);
    free();
    await page.getByRole("link", { name: "Meanwhile" }).waitFor();
    assert.equal(reads, 2);
    await page.context().close();
    await wire.cut();
});

test("all tabs of a browser share one stream", { skip }, async () => {
    const wire = await line(new URL(portal.server.url));
    const page = await portal.visit("/Spaces-1", { server: wire.url });
    await settled(page);
    const tabs = [];
    for (let i = 0; i < 3; i++) {
        const tab = await page.context().newPage();
        await tab.goto(page.url());
        await settled(tab);
        tabs.push(tab);
    }
    await world.deploy(await world.release(project, "3.0.0"), world.stages[0]);
    for (const tab of [page, ...tabs]) await tab.getByRole("link", { name: /3\.0\.0/ }).waitFor();
    assert.equal(wire.streams(), 1);
    await page.context().close();
    await wire.cut();
});

test("a page whose files break off while they load is there all the same, with its looks", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await settled(page);
    const broken = new Set();
    await page.route(/\/assets\/Audit-/, (route) => {
        const address = route.request().url();
        return broken.has(address) ? route.continue() : (broken.add(address), route.abort("connectionreset"));
    });
    await page.getByRole("link", { name: "Audit", exact: true }).first().click();
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    assert.deepEqual([...broken].map((address) => address.split(".").at(-1)).sort(), ["css", "js"], "what was broken off");
    await page.waitForFunction(() => [...document.styleSheets].some((sheet) => /\/Audit-/.test(sheet.href)));
    // The style sheet that the page begins with can break off as well.
    await page.route(/\/assets\/index-[^/]*\.css/, (route) => {
        const address = route.request().url();
        return broken.has(address) ? route.continue() : (broken.add(address), route.abort("connectionreset"));
    });
    await page.reload();
    await page.waitForFunction(() => globalThis.getComputedStyle(document.documentElement).getPropertyValue("--accent") !== "");
    assert.ok([...broken].some((address) => /\/index-/.test(address)));
    await page.context().close();
});
