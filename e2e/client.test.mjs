// The public TypeScript client against the built server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import octopus from "@octopusdeploy/api-client";
import { repository } from "./git.mjs";
import { engines, start } from "./server.mjs";
import { unused, watch } from "./surface.mjs";

const space = "Default";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

watch(octopus);

// script is a step with one inline script on the built-in worker.
function script(name, body) {
    const properties = {
        "Octopus.Action.RunOnServer": "true",
        "Octopus.Action.Script.ScriptSource": "Inline",
        "Octopus.Action.Script.Syntax": "Bash",
        "Octopus.Action.Script.ScriptBody": body,
    };
    return {
        Name: name, Condition: "Success", StartTrigger: "StartAfterPrevious", PackageRequirement: "LetOctopusDecide", Properties: {},
        Actions: [{ Name: name, ActionType: "Octopus.Script", Properties: properties, Packages: [], Environments: [], ExcludedEnvironments: [], Channels: [], TenantTags: [], IsDisabled: false, IsRequired: false }],
    };
}

// lines gives every line of a task's log, in order.
function lines(elements) {
    return elements.flatMap((e) => [...e.LogElements.map((l) => l.MessageText), ...lines(e.Children)]);
}

for (const engine of engines()) {
    describe(`the public client on ${engine.name}`, { skip: engine.skip }, () => {
        let server, client;
        const made = {};
        before(async () => {
            server = await start(engine);
            client = await octopus.Client.create({ userAgentApp: "e2e", instanceURL: server.url, apiKey: server.key, logging: quiet });
        });
        after(() => server?.stop());

        const deploy = async (version, environments, more = {}) => {
            const answer = await new octopus.DeploymentRepository(client, space).create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: version, EnvironmentNames: environments, ...more });
            return answer.DeploymentServerTasks;
        };
        const wait = (id, ...more) => new octopus.ServerTaskWaiter(client, space).waitForServerTaskToComplete(id, 200, 60_000, ...more);
        const tasks = () => new octopus.SpaceServerTaskRepository(client, space);
        const process = async (...steps) => {
            const repository = new octopus.DeploymentProcessRepository(client, space);
            const now = await repository.get(made.project);
            return repository.update(made.project, { ...now, Steps: steps });
        };

        it("says which version it is", async () => {
            const { version, installationId } = await client.getServerInformation();
            assert.match(version, /^\d{4}\.\d+\.\d+$/);
            assert.match(installationId, /^[0-9a-f-]{36}$/i);
        });

        it("knows its user", async () => {
            const me = await octopus.userGetCurrent(client);
            assert.equal(me.Username, "admin");
        });

        it("finds spaces by name", async () => {
            assert.equal(await octopus.resolveSpaceId(client, space), "Spaces-1");
            await assert.rejects(octopus.resolveSpaceId(client, "No such space"), /No spaces? exists? with name|No such space/);
            const spaces = new octopus.SpaceRepository(client);
            const me = await octopus.userGetCurrent(client);
            const other = await spaces.create({ Name: "Other", IsDefault: false, SpaceManagersTeams: [], SpaceManagersTeamMembers: [me.Id] });
            assert.equal(await octopus.resolveSpaceId(client, "Other"), other.Id);
            const groups = await new octopus.ProjectGroupRepository(client, "Other").list();
            assert.ok(groups.TotalResults >= 1, "a new space has a project group");
        });

        it("refuses who gives a wrong key", async () => {
            const stranger = await octopus.Client.create({ userAgentApp: "e2e", instanceURL: server.url, apiKey: "API-WRONG", logging: quiet });
            await assert.rejects(octopus.userGetCurrent(stranger), (e) => e.StatusCode === 401 || /401|API key|unauthori[sz]ed|signed in/i.test(`${e.message} ${e.ErrorMessage}`));
        });

        it("makes environments, a lifecycle, a group and a project", async () => {
            const environments = new octopus.EnvironmentRepository(client, space);
            made.dev = await environments.create({ Name: "Development" });
            made.prod = await environments.create({ Name: "Production" });
            assert.equal((await environments.get(made.dev.Id)).Name, "Development");
            assert.deepEqual((await environments.list({ partialName: "PROD" })).Items.map((e) => e.Id), [made.prod.Id]);
            assert.equal((await environments.getEnvironmentByName("Production")).Id, made.prod.Id);
            const lifecycles = new octopus.LifecycleRepository(client, space);
            made.lifecycle = await lifecycles.create({
                Name: "Two steps",
                Phases: [made.dev, made.prod].map((e) => ({ Name: e.Name, OptionalDeploymentTargets: [e.Id], AutomaticDeploymentTargets: [], MinimumEnvironmentsBeforePromotion: 0, IsOptionalPhase: false })),
            });
            made.group = await new octopus.ProjectGroupRepository(client, space).create({ Name: "Shops" });
            const projects = new octopus.ProjectRepository(client, space);
            made.project = await projects.create(octopus.NewProject("Web Shop", made.group, made.lifecycle));
            assert.equal(made.project.Slug, "web-shop");
            assert.equal((await projects.list({ partialName: "shop" })).TotalResults, 1);
            made.project = await projects.modify({ ...made.project, Description: "Sells things" });
            assert.equal((await projects.get(made.project.Id)).Description, "Sells things");
        });

        it("tells the reasons of a refusal", async () => {
            await assert.rejects(new octopus.EnvironmentRepository(client, space).create({ Name: "development" }), (e) => {
                assert.equal(e.StatusCode, 400);
                assert.match(e.message, /development/i);
                return true;
            });
        });

        it("packs and pushes a package", async () => {
            const files = path.join(server.folder, "files");
            mkdirSync(files);
            writeFileSync(path.join(files, "hello.txt"), "Hello #{Octopus.Environment.Name}\n");
            const name = await new octopus.ZipPackageBuilder().pack({ packageId: "Shop.Web", version: "1.0.0", basePath: files, inputFilePatterns: ["**/*"], outputFolder: server.folder, overwrite: true, logger: quiet });
            const packages = new octopus.PackageRepository(client, space);
            const file = path.resolve(server.folder, path.basename(name));
            await packages.push([file]);
            await assert.rejects(packages.push([file]), /1\.0\.0/);
            await packages.push([file], octopus.OverwriteMode.IgnoreIfExists);
            await packages.push([file], octopus.OverwriteMode.OverwriteExisting);
            const found = await packages.list({ nuGetPackageId: "Shop.Web" });
            assert.deepEqual(found.Items.map((p) => [p.PackageId, p.Version]), [["Shop.Web", "1.0.0"]]);
            assert.equal((await packages.get(found.Items[0].Id)).Version, "1.0.0");
        });

        it("keeps build information", async () => {
            const repository = new octopus.BuildInformationRepository(client, space);
            const information = {
                spaceName: space, BuildEnvironment: "CI", BuildNumber: "42", BuildUrl: "https://ci.example.com/42", Branch: "main", VcsType: "Git", VcsRoot: "https://git.example.com/shop",
                VcsCommitNumber: "0123456", Packages: [{ Id: "Shop.Web", Version: "1.0.0" }], Commits: [{ Id: "0123456", Comment: "Sell more" }],
            };
            await repository.push(information);
            await assert.rejects(repository.push(information), /Shop\.Web/);
            await repository.push({ ...information, Branch: "release" }, octopus.OverwriteMode.OverwriteExisting);
            const kept = await client.request("~/api/{spaceId}/build-information{?packageId}", { spaceName: space, packageId: "Shop.Web" });
            assert.deepEqual(kept.Items.map((b) => [b.PackageId, b.Version, b.Branch]), [["Shop.Web", "1.0.0", "release"]]);
        });

        it("sets a process", async () => {
            const saved = await process(
                script("Say hello", `echo "Hello $(get_octopusvariable Octopus.Environment.Name) from $(get_octopusvariable Octopus.Release.Number)"
set_octopusvariable Greeted "$(get_octopusvariable Octopus.Environment.Name)"
echo "two lines
of an artifact" > note.txt
new_octopusartifact note.txt`),
                script("Say more", `echo "greeted: $(get_octopusvariable "Octopus.Action[Say hello].Output.Greeted")"`),
            );
            assert.equal(saved.Steps.length, 2);
        });

        it("creates a release and deploys it", async () => {
            const releases = new octopus.ReleaseRepository(client, space);
            const release = await releases.create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "1.0.0", ReleaseNotes: "The first" });
            assert.equal(release.ReleaseVersion, "1.0.0");
            await assert.rejects(releases.create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "1.0.0" }), /1\.0\.0/);
            const again = await releases.create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "1.0.0", IgnoreIfAlreadyExists: true });
            assert.equal(again.ReleaseId, release.ReleaseId);
            assert.equal((await releases.get(release.ReleaseId)).ReleaseNotes, "The first");
            assert.deepEqual((await releases.listForProject(made.project.Id)).Items.map((r) => r.Version), ["1.0.0"]);

            const [{ DeploymentId, ServerTaskId }] = await deploy("1.0.0", ["Development"]);
            const seen = new Set();
            const task = await wait(ServerTaskId, (t) => seen.add(t.State));
            assert.equal(task.State, "Success", lines((await tasks().getDetails(ServerTaskId)).ActivityLogs).join("\n"));
            assert.equal(task.FinishedSuccessfully, true);
            assert.ok(seen.has("Success"));
            const deployment = await new octopus.DeploymentRepository(client, space).get(DeploymentId);
            assert.equal(deployment.EnvironmentId, made.dev.Id);
            assert.equal(deployment.TaskId, ServerTaskId);
            assert.deepEqual((await new octopus.DeploymentRepository(client, space).list({ projects: [made.project.Id] })).Items.map((d) => d.Id), [DeploymentId]);
            made.task = ServerTaskId;
        });

        it("shows the log", async () => {
            const details = await tasks().getDetails(made.task);
            const said = lines(details.ActivityLogs);
            assert.ok(said.includes("Hello Development from 1.0.0"), said.join("\n"));
            assert.ok(said.includes("greeted: Development"), said.join("\n"));
            assert.equal(details.Progress.ProgressPercentage, 100);
            const steps = details.ActivityLogs[0].Children.map((c) => [c.Name, c.Status]);
            assert.deepEqual(steps.filter(([name]) => /Say/.test(name)).map(([, status]) => status), ["Success", "Success"]);
            assert.match(await tasks().getRaw(made.task), /Hello Development from 1\.0\.0/);
        });

        it("gives the artifact back", async () => {
            const found = await client.request("~/api/{spaceId}/artifacts{?regarding}", { spaceName: space, regarding: made.task });
            assert.deepEqual(found.Items.map((a) => a.Filename), ["note.txt"]);
            const answer = await fetch(server.url + found.Items[0].Links.Content, { headers: { "X-Octopus-ApiKey": server.key } });
            assert.equal(await answer.text(), "two lines\nof an artifact\n");
        });

        it("keeps the order of the lifecycle", async () => {
            const release = await new octopus.ReleaseRepository(client, space).create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "1.0.1" });
            assert.equal(release.ReleaseVersion, "1.0.1");
            await assert.rejects(deploy("1.0.1", ["Production"]), /Production/);
            const [{ ServerTaskId }] = await deploy("1.0.0", ["Production"]);
            assert.equal((await wait(ServerTaskId)).State, "Success");
        });

        it("says what it does not know", async () => {
            await assert.rejects(deploy("9.9.9", ["Development"]), /9\.9\.9/);
            await assert.rejects(deploy("1.0.0", ["Nowhere"]), /Nowhere/);
            await assert.rejects(wait("ServerTasks-99999"), /Unknown task Id/);
        });

        it("runs a runbook from its published snapshot", async () => {
            const runbooks = new octopus.RunbookRepository(client, space, made.project);
            const runbook = await runbooks.create({
                Name: "Restart", Description: "", ProjectId: made.project.Id, MultiTenancyMode: "Untenanted", EnvironmentScope: "All", Environments: [], DefaultGuidedFailureMode: "Off",
                ConnectivityPolicy: { AllowDeploymentsToNoTargets: true, ExcludeUnhealthyTargets: false, SkipMachineBehavior: "None", TargetRoles: [] },
                RunRetentionPolicy: { QuantityToKeep: 100, ShouldKeepForever: false },
            });
            const processes = new octopus.RunbookProcessRepository(client, space, made.project);
            const now = await processes.get(runbook);
            await processes.update({ ...now, Steps: [script("Greet", `echo "#{Octopus.Runbook.Name} in #{Octopus.Environment.Name}"`)] });
            const run = async (more = {}) => {
                const repository = new octopus.RunbookRunRepository(client, space);
                const { RunbookRunServerTasks } = await repository.create({ spaceName: space, ProjectName: "Web Shop", RunbookName: "Restart", EnvironmentNames: ["Development", "Production"], ...more });
                return RunbookRunServerTasks;
            };
            await assert.rejects(run(), /no published snapshot/);
            const snapshot = await new octopus.RunbookSnapshotRepository(client, space, made.project).create(runbook, "First", true, "as it is");
            assert.equal((await runbooks.get(runbook.Id)).PublishedRunbookSnapshotId, snapshot.Id);
            const started = await run();
            assert.equal(started.length, 2);
            for (const [i, { RunbookRunId, ServerTaskId }] of started.entries()) {
                assert.equal((await wait(ServerTaskId)).State, "Success");
                const kept = await new octopus.RunbookRunRepository(client, space).get(RunbookRunId);
                assert.equal(kept.RunbookSnapshotId, snapshot.Id);
                assert.match(await tasks().getRaw(ServerTaskId), new RegExp(`Restart in ${["Development", "Production"][i]}`));
            }
            assert.equal((await new octopus.RunbookRunRepository(client, space).list({ runbooks: [runbook.Id] })).TotalResults, 2);
        });

        it("sees a failing script fail", async () => {
            await process(script("Break", `echo "about to break"\nfail_step "the shelf is empty"`));
            await new octopus.ReleaseRepository(client, space).create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "2.0.0" });
            const [{ ServerTaskId }] = await deploy("2.0.0", ["Development"]);
            const task = await wait(ServerTaskId);
            assert.equal(task.State, "Failed");
            assert.equal(task.IsCompleted, true);
            assert.equal(task.FinishedSuccessfully, false);
            const said = lines((await tasks().getDetails(ServerTaskId)).ActivityLogs).join("\n");
            assert.match(said, /about to break/);
            assert.match(said, /the shelf is empty/);
        });

        it("cancels what takes too long", async () => {
            await process(script("Wait", `echo started; sleep 600`));
            await new octopus.ReleaseRepository(client, space).create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "3.0.0" });
            const [{ ServerTaskId }] = await deploy("3.0.0", ["Development"]);
            const waiter = new octopus.ServerTaskWaiter(client, space);
            await assert.rejects(waiter.waitForServerTaskToComplete(ServerTaskId, 100, 1500, undefined, true), /cancelled/);
            assert.equal((await wait(ServerTaskId)).State, "Canceled");
        });

        it("changes, reads, lists and deletes what every repository has", async () => {
            const all = {
                Environment: { Name: "Staging" },
                Lifecycle: { Name: "Slow", Phases: [], ReleaseRetentionPolicy: { Unit: "Days", QuantityToKeep: 3, ShouldKeepForever: false } },
                ProjectGroup: { Name: "Old" },
                TagSet: { Name: "Ring", Tags: [{ Name: "Early", Color: "#333333" }] },
                Tenant: { Name: "Globex", ProjectEnvironments: {} },
                Project: octopus.NewProject("Blog", made.group, made.lifecycle),
            };
            for (const [kind, body] of Object.entries(all)) {
                const repository = new octopus[kind + "Repository"](client, space);
                const one = await repository.create(body);
                assert.equal((await repository.get(one.Id)).Name, body.Name, kind);
                assert.equal((await repository.modify({ ...one, Description: "changed" })).Description, "changed", kind);
                assert.deepEqual((await repository.list({ partialName: body.Name })).Items.map((i) => i.Id), [one.Id], kind);
                await repository.del(one);
                await assert.rejects(repository.get(one.Id), /not found|does not exist/i, kind);
            }
            const spaces = new octopus.SpaceRepository(client);
            const { Items: [other] } = await spaces.list({ partialName: "Other" });
            let told;
            spaces.subscribeToDataModifications("test", (data) => (told = data.Description));
            await spaces.save({ ...other, Description: "stopped", TaskQueueStopped: true });
            spaces.unsubscribeFromDataModifications("test");
            assert.equal(told, "stopped");
            await spaces.del(await spaces.get(other.Id));
        });

        it("sorts and sums environments up", async () => {
            const environments = new octopus.EnvironmentRepository(client, space);
            const { Items } = await environments.list();
            const turned = Items.map((e) => e.Id).reverse();
            await environments.sort(turned);
            assert.deepEqual((await environments.list()).Items.map((e) => e.Id), turned);
            const { TotalMachines, EnvironmentSummaries } = await environments.summary();
            assert.deepEqual([TotalMachines, EnvironmentSummaries.length], [0, Items.length]);
            assert.equal((await environments.machines(Items[0])).TotalResults, 0);
            const own = await environments.variablesScopedOnlyToThisEnvironment(Items[0]);
            assert.equal(own.HasUnauthorizedProjectVariables, false);
            assert.equal((await environments.getEnvironmentByName(Items[0].Name)).Id, Items[0].Id);
            assert.equal(await environments.getEnvironmentByName("Nowhere"), null);
            assert.deepEqual((await new octopus.EnvironmentV2Repository(client, space).list({ type: "Static", skip: 0, take: 1 })).TotalResults, Items.length);
        });

        it("sorts tag sets and asks which tenants have tags", async () => {
            const sets = new octopus.TagSetRepository(client, space);
            const ids = [];
            for (const name of ["Region", "Tier"]) ids.push((await sets.create({ Name: name, Tags: [{ Name: "A", Color: "#333333" }, { Name: "B", Color: "#333333" }] })).Id);
            await sets.sort(ids.reverse());
            assert.deepEqual((await sets.list()).Items.map((s) => s.Name), ["Tier", "Region"]);
            const tenants = new octopus.TenantRepository(client, space);
            made.tenant = await tenants.create({ Name: "Acme", TenantTags: ["Region/A"], ProjectEnvironments: {} });
            const test = await tenants.tagTest([made.tenant.Id], ["Region/A", "Tier/B"]);
            assert.deepEqual([test[made.tenant.Id].IsMatched, test[made.tenant.Id].MissingTags], [false, ["Tier/B"]]);
        });

        it("keeps the variables of a tenant", async () => {
            const tenants = new octopus.TenantRepository(client, space);
            const template = (name) => ({ Name: name, Label: name, DisplaySettings: { "Octopus.ControlType": "SingleLineText" } });
            const { Id: set } = await client.doCreate("~/api/{spaceId}/libraryvariablesets", { Name: "Shared", Templates: [template("Colour")] }, { spaceName: space });
            const projects = new octopus.ProjectRepository(client, space);
            made.project = await projects.modify({ ...made.project, TenantedDeploymentMode: "TenantedOrUntenanted", IncludedLibraryVariableSetIds: [set], Templates: [template("Size")] });
            const { Items: [environment] } = await new octopus.EnvironmentRepository(client, space).list({ partialName: "Development" });
            const tenant = await tenants.modify({ ...made.tenant, ProjectEnvironments: { [made.project.Id]: [environment.Id] } });
            const missing = await tenants.missingVariables({ tenantId: tenant.Id }, true);
            assert.deepEqual(missing[0].MissingVariables.map((v) => v.VariableTemplateName).sort(), ["Colour", "Size"]);

            const values = await tenants.getVariables(tenant);
            const size = values.ProjectVariables[made.project.Id].Templates[0].Id;
            values.ProjectVariables[made.project.Id].Variables[environment.Id] = { [size]: "small" };
            assert.equal((await tenants.setVariables(tenant, values)).ProjectVariables[made.project.Id].Variables[environment.Id][size], "small");

            const { MissingVariables: [colour] } = await tenants.getCommonVariables(tenant, true);
            const kept = await tenants.modifyCommonVariables(tenant, { Variables: [{ LibraryVariableSetId: set, TemplateId: colour.TemplateId, Value: "blue", Scope: { EnvironmentIds: [] } }] });
            assert.equal(kept.Variables[0].Value, "blue");
            assert.equal((await tenants.modifyCommonVariablesById(tenant.Id, { Variables: [{ ...kept.Variables[0], Value: "green" }] })).Variables[0].Value, "green");
            assert.equal((await tenants.getCommonVariablesById(tenant.Id)).Variables[0].Value, "green");

            const { Variables: [now] } = await tenants.getProjectVariables(tenant);
            assert.equal(now.Value, "small");
            assert.equal((await tenants.modifyProjectVariables(tenant, { Variables: [{ ...now, Value: "large" }] })).Variables[0].Value, "large");
            assert.equal((await tenants.modifyProjectVariablesById(tenant.Id, { Variables: [{ ...now, Value: "huge" }] })).Variables[0].Value, "huge");
            assert.equal((await tenants.getProjectVariablesById(tenant.Id, true)).MissingVariables.length, 0);
        });

        it("deploys for a tenant", async () => {
            await process(script("Greet", "echo for #{Octopus.Deployment.Tenant.Name}"));
            await new octopus.ReleaseRepository(client, space).create({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "4.0.0" });
            const { DeploymentServerTasks: [{ ServerTaskId }] } = await new octopus.DeploymentRepository(client, space).createTenanted({ spaceName: space, ProjectName: "Web Shop", ReleaseVersion: "4.0.0", EnvironmentName: "Development", Tenants: ["Acme"], TenantTags: [] });
            const [task] = await new octopus.ServerTaskWaiter(client, space).waitForServerTasksToComplete([ServerTaskId], 200, 60_000);
            assert.equal(task.State, "Success");
            assert.match(await tasks().getRaw(ServerTaskId), /for Acme/);
            assert.equal((await tasks().getById(ServerTaskId)).Id, ServerTaskId);
            assert.deepEqual((await tasks().getByIds([ServerTaskId])).map((t) => t.Id), [ServerTaskId]);
            await new octopus.ServerTaskRepository(client).cancel(ServerTaskId);
            assert.equal((await tasks().getById(ServerTaskId)).State, "Success", "what has ended stays as it is");
            assert.equal((await new octopus.ReleaseRepository(client, space).list({ take: 1 })).Items[0].Version, "4.0.0");
        });

        it("packs for NuGet", async () => {
            const folder = path.join(server.folder, "nuget");
            mkdirSync(folder);
            writeFileSync(path.join(folder, "a.txt"), "a");
            const name = await new octopus.NuGetPackageBuilder().pack({ packageId: "Tool", version: "1.0.0", basePath: folder, inputFilePatterns: ["a.txt"], outputFolder: folder, logger: quiet, nuspecArgs: { description: "d", authors: ["me"] } });
            const packages = new octopus.PackageRepository(client, space);
            await packages.push([path.join(folder, name)]);
            assert.equal((await packages.get("packages-Tool.1.0.0")).PackageId, "Tool");
        });

        it("knows Kubernetes monitors", async () => {
            const { Id: machine } = await client.doCreate("~/api/{spaceId}/machines", { Name: "Cluster", Roles: ["k8s"], EnvironmentIds: (await new octopus.EnvironmentRepository(client, space).list()).Items.map((e) => e.Id), Endpoint: { CommunicationStyle: "None" } }, { spaceName: space });
            const monitors = new octopus.KubernetesMonitorRepository(client, space);
            const { Resource } = await monitors.registerKubernetesMonitor("6bb1ae1c-5d3e-4a06-9a3e-3f3d4f1c5a10", machine);
            assert.equal((await monitors.getById(Resource.Id)).Resource.MachineId, machine);
            await monitors.deleteById(Resource.Id);
            await assert.rejects(monitors.getById(Resource.Id));
        });

        it("says what it can", async () => {
            assert.match(await octopus.checkForCapability(client, "NoSuchThing", "2099.1"), /2099\.1/);
            const names = (await client.get("~/api/capabilities")).Capabilities;
            assert.equal(await octopus.checkForCapability(client, names[0], "2099.1"), null);
            assert.equal((await client.tryGetServerInformation()).version, (await client.getServerInformation()).version);
        });

        it("changes a process in Git", async () => {
            const git = await repository(path.join(server.folder, "git"));
            try {
                await client.doCreate("~/api/{spaceId}/projects/{id}/git/convert", { CommitMessage: "Move", VersionControlSettings: { Type: "VersionControlled", Url: git.url, DefaultBranch: "main", BasePath: ".octopus", ProtectedBranchNamePatterns: [], Credentials: { Type: "Anonymous" } } }, { spaceName: space, id: made.project.Id });
                const processes = new octopus.DeploymentProcessRepository(client, space);
                const project = await new octopus.ProjectRepository(client, space).get(made.project.Id);
                const now = await processes.getByGitRef(project, "main");
                await processes.updateByGitRef(project, { ...now, Steps: [script("In Git", "echo from git")] }, "main");
                assert.equal((await processes.getByGitRef(project, "main")).Steps[0].Name, "In Git");
            } finally {
                await git.close();
            }
        });

        it("was asked by all that the client can do", () => assert.deepEqual(unused(octopus), []));
    });
}
