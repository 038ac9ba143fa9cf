// What the portal is measured with: a full dashboard and a long log. The tests
// count on it, bench/portal.mjs takes times.
import { script } from "./world.mjs";

const space = "/Spaces-1";

// board makes projects that are deployed to each of five environments, by a step
// that does nothing. It is there when nothing runs any more.
export async function board(world, projects = 40) {
    const environments = [];
    for (const Name of ["Development", "Test", "Staging", "Production EU", "Production US"]) {
        environments.push(await world.api("POST", `${space}/environments`, { Name }));
    }
    world.stages = environments;
    world.lifecycle = await world.api("POST", `${space}/lifecycles`, {
        Name: "Anywhere", Phases: [{ Name: "All", OptionalDeploymentTargets: environments.map((e) => e.Id), MinimumEnvironmentsBeforePromotion: 0 }],
    });
    const groups = [await world.group("Payments"), await world.group("Storefront")];
    const step = script("Nothing", "true");
    step.Actions[0].IsDisabled = true;
    const made = [];
    for (let i = 1; i <= projects; i++) {
        const project = await world.project(`Project ${String(i).padStart(2, "0")}`, [step], { group: groups[i % 2] });
        const release = await world.release(project, `2026.1.${i}`);
        for (const environment of environments) made.push(await world.deploy(release, environment));
    }
    for (const d of made) await world.ended(d, 300);
}

// longLog deploys what writes a log of many lines.
export async function longLog(world, lines = 50_000) {
    const project = await world.project("Big", [script("Count", `for i in $(seq ${lines}); do echo "counting to $i"; done`)]);
    const made = await world.deploy(await world.release(project, "1.0.0"), world.stages[0]);
    await world.ended(made, 300);
    return made;
}
