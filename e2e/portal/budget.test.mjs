import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { get } from "node:http";
import { open, settled, skip } from "./browser.mjs";

let portal;
before(async () => { if (!skip) portal = await open(); });
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
    await settled(page);
    const urls = await page.evaluate(() => performance.getEntriesByType("resource").map((e) => e.name).filter((n) => /\/assets\//.test(n)));
    await page.context().close();
    const sizes = { js: 0, css: 0 };
    for (const url of urls) {
        sizes[url.endsWith(".css") ? "css" : "js"] += await transferred(url);
    }
    assert.ok(urls.length > 1, "nothing was loaded");
    console.log(`# first load: ${JSON.stringify(sizes)} bytes gzip`);
    assert.ok(sizes.js < 230_000, `${sizes.js} bytes of JS`);
    assert.ok(sizes.css < 45_000, `${sizes.css} bytes of CSS`);
});
