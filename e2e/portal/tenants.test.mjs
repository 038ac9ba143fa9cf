// Tenants: two thousand of them, what they are connected with, and their values.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, inBothThemes, onPhone, open, save, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal, world, project, tenant;
const many = 2000;
// dot is the smallest picture.
const dot = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABXvMqOgAAAABJRU5ErkJggg==", "base64");

before(async () => {
    if (skip) return;
    portal = await open();
    world = new World((...args) => portal.api(...args));
    await world.environments("Development", "Production");
    const made = await world.project("Acme Web", [script("Say it", 'echo "host #{Db.Host}"')]);
    project = await portal.api("PUT", `/Spaces-1/projects/${made.Id}`, {
        ...made, TenantedDeploymentMode: "TenantedOrUntenanted",
        Templates: [{ Name: "Db.Host", Label: "Database host", DefaultValue: "", DisplaySettings: { "Octopus.ControlType": "SingleLineText" } }],
    });
    await portal.api("POST", "/Spaces-1/tagsets", { Name: "Ring", Scopes: ["Tenant"], Tags: [{ Name: "Early", Color: "#0b6b3a" }, { Name: "Late", Color: "#855100" }] });
    for (let i = 1; i <= many; i++) {
        await portal.api("POST", "/Spaces-1/tenants", { Name: `Customer ${i}`, TenantTags: [i % 100 ? "Ring/Late" : "Ring/Early"] });
    }
    ({ Items: [tenant] } = await portal.api("GET", "/Spaces-1/tenants?partialName=Customer 1234"));
});
after(() => portal?.close());

const one = () => `/Spaces-1/tenants/${tenant.Id}`;

test("one of two thousand tenants is found by its name, and twenty by their tag", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/tenants");
    await page.getByText("1–50 of 2,000").waitFor();
    assert.equal(await page.getByRole("row").count(), 51, "a page of them, not all");
    const first = page.getByRole("row", { name: /^Customer 1 / });
    await first.waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("51–100 of 2,000").waitFor();
    await first.waitFor({ state: "detached" });
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("Customer 1234");
    await page.getByRole("link", { name: "Customer 1234" }).waitFor();
    assert.equal(await page.getByRole("row").count(), 2);
    await page.getByRole("searchbox", { name: "Filter by name" }).fill("");
    await page.getByLabel("Filter by tags").first().click();
    await page.getByRole("option", { name: "Ring/Early" }).click();
    await page.getByText("1–50 of 2,000").waitFor({ state: "detached" });
    assert.equal(await page.getByRole("row").count(), 21);
    await page.reload();
    await page.getByRole("row", { name: /Customer 1000/ }).waitFor();
    assert.equal(await page.getByRole("row").count(), 21, "the filter is in the address");
    await page.context().close();
});

test("a tenant is connected with a project, gets its missing value, and is deployed to", { skip }, async () => {
    const page = await portal.visit(`/Spaces-1/tenants/${tenant.Id}/overview`);
    await page.getByRole("button", { name: "Connect project…" }).first().click();
    const dialog = page.getByRole("dialog", { name: /^Connect Customer 1234/ });
    await dialog.getByLabel("Project").first().click();
    await page.getByRole("option", { name: "Acme Web" }).click();
    await dialog.getByLabel("Environments").first().click();
    await page.getByRole("option", { name: "Development" }).click();
    await page.keyboard.press("Escape");
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByRole("row", { name: /Acme Web/ }).waitFor();

    await page.getByRole("link", { name: "1 value is missing" }).click();
    await page.getByRole("textbox", { name: "Database host in Development, missing" }).fill("db-1234");
    await save(page);
    await page.getByText("1 value is missing").waitFor({ state: "detached" });

    const release = await world.release(project, "1.0.0");
    await page.goto(`${portal.server.url}/app#/Spaces-1/projects/acme-web/deployments/releases/1.0.0/deployments/create`);
    await page.getByRole("group", { name: "For tenants, in" }).getByLabel("Development").check();
    await page.getByLabel("Tenants", { exact: true }).first().click();
    await page.getByRole("option", { name: "Customer 1234" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: "Development, Customer 1234" }).getByText("1. Say it").waitFor();
    await page.getByRole("button", { name: "Deploy to Development" }).click();
    await page.getByText("Success", { exact: true }).first().waitFor();
    await page.getByRole("tab", { name: "Task log" }).click();
    await page.getByText("host db-1234").waitFor();

    await page.goto(`${portal.server.url}/app#/Spaces-1/tenants/${tenant.Id}/overview`);
    await page.getByRole("row", { name: /Acme Web/ }).getByRole("link", { name: /1\.0\.0/ }).waitFor();
    assert.equal((await portal.api("GET", `/Spaces-1/releases/${release.Id}/deployments`)).Items[0].TenantId, tenant.Id);
    await page.context().close();
});

test("tenants are chosen by their tags when a release is deployed", { skip }, async () => {
    const early = (await portal.api("GET", "/Spaces-1/tenants?tags=Ring/Early&take=100")).Items;
    const [development] = world.stages;
    for (const t of early.slice(0, 6)) {
        await portal.api("PUT", `/Spaces-1/tenants/${t.Id}`, { ...t, ProjectEnvironments: { [project.Id]: [development.Id] } });
        const values = await portal.api("GET", `/Spaces-1/tenants/${t.Id}/variables`);
        const [template] = values.ProjectVariables[project.Id].Templates;
        values.ProjectVariables[project.Id].Variables[development.Id] = { [template.Id]: "db" };
        await portal.api("PUT", `/Spaces-1/tenants/${t.Id}/variables`, values);
    }
    const release = await world.release(project, "2.0.0");
    const page = await portal.visit("/Spaces-1/projects/acme-web/deployments/releases/2.0.0/deployments/create");
    await page.getByRole("group", { name: "For tenants, in" }).getByLabel("Development").check();
    await page.getByLabel("And all with these tags").first().click();
    await page.getByRole("option", { name: "Ring/Early" }).click();
    await page.keyboard.press("Escape");
    await page.getByText("6 tenants, 6 times in all.").waitFor();
    await page.getByRole("button", { name: "Make 6 deployments" }).click();
    await page.getByRole("heading", { level: 1, name: "Release 2.0.0" }).waitFor();
    const made = await portal.api("GET", `/Spaces-1/releases/${release.Id}/deployments?take=100`);
    assert.equal(new Set(made.Items.map((d) => d.TenantId)).size, 6);
    await page.context().close();
});

test("a tenant gets a logo and is cloned, values and all", { skip }, async () => {
    const page = await portal.visit(`${one()}/settings`);
    const logo = page.getByRole("region", { name: "Logo" });
    await logo.locator("input[type=file]").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: dot });
    await page.getByRole("img", { name: "Logo of Customer 1234" }).waitFor();
    await page.getByText("The logo is set.").waitFor();
    await accessible(page, "the settings of a tenant, with a note of what was done");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("img", { name: "Logo of Customer 1234" }).waitFor();
    await page.getByRole("link", { name: "Settings", exact: true }).last().click();
    await logo.getByRole("button", { name: "Remove the logo" }).click();
    await page.getByRole("img", { name: "Logo of Customer 1234" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Clone…" }).click();
    const dialog = page.getByRole("dialog", { name: "Clone Customer 1234" });
    await dialog.getByLabel("Name of the copy").fill("Customer next door");
    await dialog.getByRole("button", { name: "Clone", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Customer next door" }).waitFor();
    await page.getByRole("row", { name: /Acme Web/ }).waitFor();
    const { Items: [copy] } = await portal.api("GET", "/Spaces-1/tenants?partialName=next door");
    assert.deepEqual(copy.TenantTags, tenant.TenantTags);
    await page.context().close();
});

test("a tag set is made with colours and an order", { skip }, async () => {
    const page = await portal.visit("/Spaces-1/library/tagsets");
    await page.getByRole("link", { name: "Add tag set" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Region");
    for (const [n, name] of ["Asia", "Europe"].entries()) {
        await page.getByRole("button", { name: "Add tag" }).click();
        await page.getByLabel(`Name of tag ${n + 1}`).fill(name);
    }
    await page.getByRole("button", { name: "Move tag 2 up" }).click();
    await save(page);
    const set = (await portal.api("GET", "/Spaces-1/tagsets/all")).find((s) => s.Name === "Region");
    assert.deepEqual(set.Tags.map((t) => t.CanonicalTagName), ["Region/Europe", "Region/Asia"]);
    await page.context().close();
});

for (const [name, at] of [
    ["tenants", () => "/Spaces-1/tenants"],
    ["tenant", () => `${one()}/overview`],
    ["tenant-variables", () => `${one()}/variables`],
    ["tenant-settings", () => `${one()}/settings`],
    ["project-tenants", () => "/Spaces-1/projects/acme-web/tenants"],
    ["tag-sets", () => "/Spaces-1/library/tagsets"],
    ["tag-set", () => "/Spaces-1/library/tagsets/new"],
]) {
    test(`the screen ${name} is accessible in both themes and fits a phone`, { skip }, async () => {
        await inBothThemes(portal, name, at());
        await onPhone(portal, name, at());
    });
}
