// Addresses that the command line prints, that e-mails and logs hold, and that
// people keep: each lands on the page of what it names.
import { after, before, test } from "node:test";
import { open, skip } from "./browser.mjs";
import { script, World } from "./world.mjs";

let portal;
const s = "/Spaces-1";
// it has the ids of what the addresses name.
const it = {};

before(async () => {
    if (skip) return;
    portal = await open();
    const api = (...args) => portal.api(...args);
    const world = new World(api);
    [it.environment] = await world.environments("Development");
    it.project = await world.project("Acme Web", [script("Say hello", "echo hello")]);
    it.release = await world.release(it.project, "1.0.0");
    it.deployment = await world.deploy(it.release, it.environment);
    it.account = await api("POST", `${s}/accounts`, { Name: "Deployer", AccountType: "UsernamePassword", Username: "me", Password: { HasValue: true, NewValue: "secret" } });
    it.machine = await api("POST", `${s}/machines`, { Name: "Cloud", Roles: ["web"], EnvironmentIds: [it.environment.Id], Endpoint: { CommunicationStyle: "None" } });
    const pools = await api("GET", `${s}/workerpools/all`);
    it.pool = pools.find((p) => p.WorkerPoolType !== "DynamicWorkerPool");
    const endpoint = { CommunicationStyle: "Ssh", AccountId: it.account.Id, Host: "127.0.0.1", Port: 1, Fingerprint: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", DotNetCorePlatform: "linux-x64" };
    it.worker = await api("POST", `${s}/workers`, { Name: "Builder", WorkerPoolIds: [it.pool.Id], Endpoint: endpoint });
    it.tenant = await api("POST", `${s}/tenants`, { Name: "Globex", ProjectEnvironments: {} });
    it.channel = await api("POST", `${s}/channels`, { Name: "Beta", ProjectId: it.project.Id });
    it.runbook = await api("POST", `${s}/projects/${it.project.Id}/runbooks`, { Name: "Restart" });
    const process = await api("GET", `${s}/runbookProcesses/${it.runbook.RunbookProcessId}`);
    await api("PUT", `${s}/runbookProcesses/${process.Id}`, { ...process, Steps: [script("Restart it", "echo again")] });
    it.snapshot = await api("POST", `${s}/runbookSnapshots?publish=true`, { ProjectId: it.project.Id, RunbookId: it.runbook.Id, Name: "Snapshot A" });
    it.run = await api("POST", `${s}/runbookRuns`, { RunbookId: it.runbook.Id, RunbookSnapshotId: it.snapshot.Id, EnvironmentId: it.environment.Id });
    it.build = await api("POST", `${s}/build-information`, { PackageId: "Acme.Web", Version: "1.0.0", OctopusBuildInformation: { BuildNumber: "17", BuildEnvironment: "Jenkins", Branch: "main", Commits: [{ Id: "1234567890ab", Comment: "Says hello" }] } });
    it.template = await api("POST", `${s}/actiontemplates`, { Name: "Say it", ActionType: "Octopus.Script", Properties: { "Octopus.Action.Script.ScriptSource": "Inline", "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": "echo it" }, Parameters: [] });
    const { Steps } = await api("GET", `${s}/projects/${it.project.Id}/deploymentprocesses`);
    it.action = Steps[0].Actions[0];
});
after(() => portal?.close());

const p = `${s}/projects`;
const runbooks = () => `${p}/${it.project.Id}/operations/runbooks`;

// Whose address it is, the address below /app#, and the heading that it leads to.
const links = [
    ["an account", () => `${s}/infrastructure/accounts/${it.account.Id}`, "Deployer"],
    ["an environment", () => `${s}/infrastructure/environments/${it.environment.Id}`, "Development"],
    ["a target", () => `${s}/infrastructure/machines/${it.machine.Id}/settings`, "Cloud"],
    ["a target, short", () => `${s}/infrastructure/machines/${it.machine.Id}`, "Cloud"],
    ["targets of an environment", () => `${s}/infrastructure/machines?environmentIds=${it.environment.Id}`, /targets/i],
    ["a worker", () => `${s}/infrastructure/workers/${it.worker.Id}/settings`, "Builder"],
    ["a worker pool", () => `${s}/infrastructure/workerpools/${it.pool.Id}`, /worker pool/i],
    ["a project by its id", () => `${p}/${it.project.Id}`, "Acme Web"],
    ["a project by its slug", () => `${p}/acme-web`, "Acme Web"],
    ["a project's deployments by channel", () => `${p}/acme-web/deployments?groupBy=Channel`, "Acme Web"],
    ["projects of a group", () => `${p}?projectGroupId=${it.project.ProjectGroupId}`, "Projects"],
    ["a project group", () => `${s}/projectGroups/${it.project.ProjectGroupId}`, "Projects"],
    ["variables", () => `${p}/acme-web/variables`, "Variables"],
    ["a channel", () => `${p}/acme-web/deployments/channels/edit/${it.channel.Id}`, "Beta"],
    ["ephemeral environments", () => `${p}/${it.project.Id}/ephemeral-environments`, "Ephemeral environments"],
    ["a process", () => `${p}/acme-web/process`, "Process"],
    ["a step of a process", () => `${p}/acme-web/deployments/process/steps?actionId=${it.action.Id}`, "Process"],
    ["runbooks", () => `${p}/acme-web/operations/runbooks`, "Runbooks"],
    ["a runbook", () => `${runbooks()}/${it.runbook.Id}`, "Restart"],
    ["a runbook's snapshot", () => `${runbooks()}/${it.runbook.Id}/snapshots/${it.snapshot.Id}`, "Snapshot A"],
    ["a run of a runbook", () => `${runbooks()}/${it.runbook.Id}/snapshots/${it.snapshot.Id}/runs/${it.run.Id}?activeTab=taskLog`, "Run Restart in Development"],
    ["a release", () => `${s}/releases/${it.release.Id}`, "Release 1.0.0"],
    ["a deployment", () => `${s}/deployments/${it.deployment.Id}`, "Deploy 1.0.0 to Development"],
    ["a task", () => `${s}/tasks/${it.deployment.TaskId}?activeTab=taskLog`, "Deploy 1.0.0 to Development"],
    ["a task without its space", () => `/tasks/${it.deployment.TaskId}`, "Deploy 1.0.0 to Development"],
    ["a tenant", () => `${s}/tenants/${it.tenant.Id}/overview`, "Globex"],
    ["a tenant, short", () => `${s}/tenants/${it.tenant.Id}`, "Globex"],
    ["build information", () => `${s}/library/buildinformation/${it.build.Id}`, "Acme.Web 1.0.0"],
    ["the built-in repository", () => `${s}/library/builtinrepository`, "Packages"],
    ["a step template", () => `${s}/library/steptemplates/${it.template.Id}?activeTab=settings`, "Say it"],
    ["API keys", () => "/users/me/apiKeys", "API keys"],
    ["a space's settings", () => "/configuration/spaces/Spaces-1", "Default"],
    ["the sign-in page of one who is signed in", () => "/users/sign-in", "Dashboard"],
    ["a space by its slug", () => "/default", "Dashboard"],
];

test("addresses of other programs land on the right pages", { skip }, async (t) => {
    const page = await portal.visit("/Spaces-1/projects");
    for (const [what, address, heading] of links) {
        await t.test(what, async () => {
            await page.goto(`${portal.server.url}/app#${address()}`);
            await page.getByRole("heading", { level: 1, name: heading, exact: typeof heading === "string" }).waitFor();
        });
    }
    await t.test("a step that is named is open", async () => {
        await page.goto(`${portal.server.url}/app#${p}/acme-web/deployments/process/steps?actionId=${it.action.Id}`);
        await page.getByRole("region", { name: "Say hello" }).waitFor();
    });
    await t.test("an address that is nowhere says so", async () => {
        await page.goto(`${portal.server.url}/app#${s}/no/such/page`);
        await page.getByRole("heading", { level: 1, name: "Not found" }).waitFor();
    });
    await page.context().close();
});

test("an address is kept while somebody signs in", { skip }, async () => {
    const page = await portal.visit(`${s}/tasks/${it.deployment.TaskId}?activeTab=taskLog`, { signedIn: false });
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(portal.server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "Deploy 1.0.0 to Development" }).waitFor();
    await page.getByRole("tab", { name: "Task log", selected: true }).waitFor();
    await page.context().close();
});
