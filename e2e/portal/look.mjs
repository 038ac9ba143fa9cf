// Takes pictures of addresses of a running portal, for those who work on it:
// node portal/look.mjs URL USER PASSWORD NAME=/Spaces-1 …
// With PHONE=1 they are those of a small screen.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const [url, username, password, ...places] = process.argv.slice(2);
const folder = process.env.TO ?? "../tmp/look";
const phone = Boolean(process.env.PHONE);
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const theme of (process.env.THEMES ?? "light,dark").split(",")) {
    const context = await browser.newContext({ viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 }, colorScheme: theme, reducedMotion: "reduce" });
    await context.request.post(`${url}/api/users/login`, { data: { Username: username, Password: password } });
    for (const place of places) {
        const cut = place.indexOf("=");
        const page = await context.newPage();
        page.on("console", (m) => m.type() === "error" && console.log(place, m.text()));
        page.on("pageerror", (e) => console.log(place, e.stack));
        await page.goto(`${url}${process.env.PAGE ?? "/app"}#${place.slice(cut + 1)}`);
        await page.getByRole("heading", { level: 1 }).first().waitFor();
        await page.waitForTimeout(Number(process.env.WAIT ?? 1200));
        const file = `${folder}/${place.slice(0, cut)}-${phone ? "phone-" : ""}${theme}.png`;
        await page.screenshot({ path: file, fullPage: Boolean(process.env.FULL) });
        console.log(file);
        await page.close();
    }
    await context.close();
}
await browser.close();
