// The page of a task: its log, its questions, and what cuts the stream.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inBothThemes, onPhone, open, skip } from "./browser.mjs";
import { manual, script, World } from "./world.mjs";

const lines = 50_000;
let portal, world, development, big, asking;

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    [development] = await world.environments("Development", "Production");
    const project = await world.project("Big", [
        script("Count", `for i in $(seq ${lines}); do echo "counting to $i"; done; echo "needle in the hay" ; echo -e "\\033[31mred\\033[0m words" >&2`),
    ]);
    big = await world.deploy(await world.release(project, "1.0.0"), development);
    await world.ended(big, 120);
    const asks = await world.project("Asks", [manual("Approve", "Look **twice**.\n\n1. here\n2. there"), script("Go on", "echo went on")]);
    asking = await world.deploy(await world.release(asks, "1.0.0"), development);
    await world.until(asking, (t) => t.HasPendingInterruptions);
});
after(() => portal?.close());

const logOf = (d) => `/Spaces-1/tasks/${d.TaskId}?activeTab=taskLog`;

test("a line of a long log has a link that leads to it", { skip }, async () => {
    const page = await portal.visit(`/Spaces-1/tasks/${big.TaskId}?line=31000`);
    const link = page.getByRole("button", { name: "Link to line 31000" });
    await link.waitFor();
    assert.ok(await link.evaluate((e) => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().bottom < window.innerHeight), "the line is not in sight");
    await page.getByRole("button", { name: "Link to line 31003" }).click();
    await page.waitForURL(/line=31003/);
    await page.context().close();
});

test("a long log is searched, and errors are gone to", { skip }, async () => {
    const page = await portal.visit(logOf(big));
    const log = page.getByRole("log");
    await log.getByText("counting to 1", { exact: true }).waitFor();
    assert.equal(await log.getByText("needle").count(), 0);
    await page.getByLabel("Search the log").fill("needle in");
    await page.getByLabel("Search the log").press("Enter");
    await log.getByText("needle in").first().waitFor();
    await page.getByRole("button", { name: "Go to the error" }).click();
    await log.getByText("words").waitFor();
    await page.context().close();
});

test("a long log scrolls without stopping", { skip }, async () => {
    const page = await portal.visit(logOf(big));
    const log = page.getByRole("log");
    await log.getByText("counting to 1", { exact: true }).waitFor();
    const rows = await page.evaluate(async () => {
        const box = document.querySelector('[role="log"]');
        const seen = new Set();
        for (let i = 0; i < 40; i++) {
            box.scrollTop += 20_000;
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
            seen.add(box.textContent.length > 100 ? box.scrollTop : -1);
        }
        return { empty: seen.has(-1), elements: box.querySelectorAll("time").length };
    });
    assert.equal(rows.empty, false, "there was nothing to see while it scrolled");
    assert.ok(rows.elements < 300, `${rows.elements} lines are in the page at once`);
    await page.context().close();
});

test("a task that waits says why and behind what, and can be canceled", { skip }, async () => {
    const slow = await world.project("Slow", [script("Wait", "sleep 600")]);
    const running = await world.deploy(await world.release(slow, "1.0.0"), development);
    await world.until(running, (t) => t.State === "Executing");
    const waiting = await world.deploy(await world.release(slow, "1.0.1"), development);
    await inBothThemes(portal, "task-waiting", `/Spaces-1/tasks/${waiting.TaskId}`, { ready: (page) => page.getByText("Why it waits").waitFor() });
    const page = await portal.visit(`/Spaces-1/tasks/${waiting.TaskId}`);
    await page.getByRole("link", { name: /Deploy Slow release 1\.0\.0 to Development/ }).waitFor();
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the task" }).click();
    await page.getByText("Canceled", { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Try again…" }).waitFor();
    await page.context().close();
    await portal.api("POST", `/tasks/${running.TaskId}/cancel`, {});
    await world.ended(running);
});

test("a question is answered on a phone", { skip }, async () => {
    await onPhone(portal, "task-question", `/Spaces-1/tasks/${asking.TaskId}`, {
        ready: async (page) => {
            await page.getByRole("button", { name: "Take responsibility" }).click();
            await page.getByRole("button", { name: "Proceed" }).waitFor();
        },
    });
    await inBothThemes(portal, "task-question", `/Spaces-1/tasks/${asking.TaskId}`, {
        ready: async (page) => {
            await page.getByRole("button", { name: "Proceed" }).waitFor();
            await page.getByRole("list", { name: "Steps" }).getByRole("button", { name: "Awaiting intervention Step 1: Approve" }).waitFor();
        },
    });
    // Whatever page somebody is on says that they are waited for.
    const page = await portal.visit("/Spaces-1/projects", { width: 390, height: 844 });
    const bell = page.getByRole("link", { name: "1 task waits for somebody" });
    await bell.click();
    await page.getByRole("link", { name: /Deploy Asks release 1\.0\.0/ }).click();
    await page.getByRole("button", { name: "Proceed" }).click();
    await page.getByText("Success", { exact: true }).first().waitFor();
    await bell.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Who did what to it" }).click();
    await page.getByRole("list", { name: "Audit trail" }).getByText(/Asks/).first().waitFor();
    await page.context().close();
});

test("the page of a task is accessible in both themes", { skip }, async () => {
    await inBothThemes(portal, "task-summary", `/Spaces-1/tasks/${big.TaskId}`, { ready: (page) => page.getByRole("list", { name: "Steps" }).waitFor() });
    await inBothThemes(portal, "task-log", logOf(big), { ready: (page) => page.getByText("counting to 1", { exact: true }).waitFor() });
    await onPhone(portal, "task-log", logOf(big), { ready: (page) => page.getByText("counting to 1", { exact: true }).waitFor() });
});

test("who may not see tasks is told why", { skip }, async () => {
    await portal.api("POST", "/users", { Username: "nobody", DisplayName: "No Body", Password: "Nobody-pass-1", IsActive: true });
    const page = await portal.visit("/Spaces-1/tasks", { as: { username: "nobody", password: "Nobody-pass-1" } });
    await page.getByText(/You may not see this|There is no space/).waitFor();
    await page.context().close();
});
