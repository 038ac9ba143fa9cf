// Fills a server with what the screens are about, through the API.

const space = "/Spaces-1";

// script is a step that runs a script on the server.
export const script = (name, body, more = {}) => ({
    Name: name, Condition: "Success", StartTrigger: "StartAfterPrevious", Properties: {}, ...more,
    Actions: [{ Name: name, ActionType: "Octopus.Script", Properties: {
        "Octopus.Action.RunOnServer": "true", "Octopus.Action.Script.ScriptSource": "Inline",
        "Octopus.Action.Script.Syntax": "Bash", "Octopus.Action.Script.ScriptBody": body,
    } }],
});

// manual is a step at which a person decides.
export const manual = (name, instructions) => ({
    Name: name, Condition: "Success", StartTrigger: "StartAfterPrevious", Properties: {},
    Actions: [{ Name: name, ActionType: "Octopus.Manual", Properties: {
        "Octopus.Action.RunOnServer": "false", "Octopus.Action.Manual.Instructions": instructions,
    } }],
});

export class World {
    constructor(api) {
        this.api = api;
    }

    // environments makes environments and a lifecycle through them.
    async environments(...names) {
        const made = [];
        for (const Name of names) made.push(await this.api("POST", `${space}/environments`, { Name }));
        this.stages = made;
        this.lifecycle = await this.api("POST", `${space}/lifecycles`, {
            Name: `Through ${names.length}`, Phases: made.map((e) => ({ Name: e.Name, OptionalDeploymentTargets: [e.Id] })),
        });
        return made;
    }

    async group(Name) {
        return this.api("POST", `${space}/projectgroups`, { Name });
    }

    async project(Name, steps = [], { group, variables } = {}) {
        const { Items: [first] } = await this.api("GET", `${space}/projectgroups?take=1`);
        const project = await this.api("POST", `${space}/projects`, { Name, ProjectGroupId: (group ?? first).Id, LifecycleId: this.lifecycle.Id });
        if (steps.length > 0) await this.steps(project, steps);
        if (variables) {
            const set = await this.api("GET", `${space}/variables/${project.VariableSetId}`);
            await this.api("PUT", `${space}/variables/${project.VariableSetId}`, { ...set, Variables: variables });
        }
        return project;
    }

    async steps(project, steps) {
        const at = `${space}/projects/${project.Id}/deploymentprocesses`;
        const process = await this.api("GET", at);
        return this.api("PUT", at, { ...process, Steps: steps });
    }

    async release(project, Version, more = {}) {
        return this.api("POST", `${space}/releases`, { ProjectId: project.Id, Version, ...more });
    }

    async deploy(release, environment, more = {}) {
        return this.api("POST", `${space}/deployments`, { ReleaseId: release.Id, EnvironmentId: environment.Id, ...more });
    }

    // ended waits until a deployment's task has ended.
    async ended(deployment, seconds = 60) {
        return this.until(deployment, (t) => t.IsCompleted, seconds);
    }

    async until(deployment, holds, seconds = 60) {
        for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
            const task = await this.api("GET", `/tasks/${deployment.TaskId}`);
            if (holds(task)) return task;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`${deployment.TaskId} did not come so far in ${seconds} seconds`);
    }
}
