// What a page costs is counted here, since times differ from machine to machine;
// bench/portal.mjs takes them. What a long log costs is counted in task.test.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { get } from "node:http";
import { open, settled, skip } from "./browser.mjs";
import { board } from "./scale.mjs";
import { World } from "./world.mjs";

let portal;
before(async () => {
    if (skip) return;
    portal = await open();
    const world = new World((...args) => portal.api(...args));
    await board(world);
});
after(() => portal?.close());

// transferred is how many bytes of a file go over the wire.
function transferred(url) {
    return new Promise((resolve, reject) => {
        get(url, { headers: { "Accept-Encoding": "gzip" } }, (response) => {
            let bytes = 0;
            response.on("data", (chunk) => { bytes += chunk.length; });
            response.on("end", () => resolve(bytes));
        }).on("error", reject);
    });
}

// What a browser loads before the dashboard shows, compressed as most clients
// behind proxies get it.
test("the first load stays within its budget", { skip }, async () => {
    const page = await portal.visit("/Spaces-1");
    await page.getByRole("link", { name: "Project 40" }).waitFor();
    // The filters come once it shows, when the browser has nothing else to do.
    const urls = await page.evaluate(() => {
        const all = performance.getEntriesByType("resource");
        const read = all.find((e) => /\/dashboard(\?|$)/.test(e.name)).responseEnd;
        return all.filter((e) => /\/assets\//.test(e.name) && e.startTime <= read).map((e) => e.name);
    });
    await page.context().close();
    const sizes = { js: 0, css: 0 };
    for (const url of new Set(urls)) {
        sizes[url.endsWith(".css") ? "css" : "js"] += await transferred(url);
    }
    assert.ok(urls.length > 1, "nothing was loaded");
    console.log(`# first load: ${JSON.stringify(sizes)} bytes gzip`);
    assert.ok(sizes.js < 230_000, `${sizes.js} bytes of JS`);
    assert.ok(sizes.css < 45_000, `${sizes.css} bytes of CSS`);
});

test("a dashboard of 40 projects and 5 environments takes few requests", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/projects");
    await settled(page);
    const asked = [];
    page.on("request", (r) => { if (r.url().includes("/api/")) asked.push(`${r.method()} ${new URL(r.url()).pathname}`); });
    await page.reload();
    await page.goto(`${portal.server.url}/app#/Spaces-1`);
    await page.getByRole("link", { name: "Project 40" }).waitFor();
    assert.equal(await page.getByRole("link", { name: /^Success 2026\.1\./ }).count(), 200, "cells");
    await page.waitForLoadState("networkidle").catch(() => {}); // the stream stays open
    const boards = asked.filter((a) => a.endsWith("/dashboard"));
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    await page.context().close();
    console.log(`# dashboard: ${asked.length} requests, ${nodes} elements`);
    assert.equal(boards.length, 1, "reads of the dashboard");
    assert.ok(asked.length <= 16, asked.join("\n"));
    assert.ok(nodes < 4500, `${nodes} elements`);
});
