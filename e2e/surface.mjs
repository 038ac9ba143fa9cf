// Notes which parts of the public client the tests have used.

const used = new Set();

// elsewhere are parts that no test here asks a server with, and why.
const elsewhere = [
    /^(Client|Resolver|SubscriptionRecord)\./, // the plumbing under everything else
    /^BasicRepository\.(extend|notifySubscribersToDataModifications)$/, // for subclasses
    /^ServerTaskWaiter\.(waitForTasks|cancelTasks|getTasksWithRetry|isRetryableError)$/, // private
    /^ObservabilityRepository\./, // wants a monitor's live connection
    /^EnvironmentRepository\..*Ephemeral/, // project environments are tried in Go
    /WithGitRef$|^RunbookRunRepository\.createGit$/, // runbooks in Git are tried in Go
];

function* methods(client) {
    for (const [name, of] of Object.entries(client)) {
        for (let at = typeof of === "function" ? of.prototype : undefined; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
            for (const key of Object.getOwnPropertyNames(at)) {
                if (key !== "constructor" && typeof at[key] === "function") yield [name, key, at];
            }
        }
    }
}

// watch has every call of a method noted under the class of its object.
export function watch(client) {
    const seen = new Set();
    for (const [, key, at] of methods(client)) {
        if (seen.has(at[key])) continue;
        const plain = at[key];
        at[key] = function (...args) {
            used.add(`${this.constructor.name}.${key}`);
            return plain.apply(this, args);
        };
        seen.add(at[key]);
    }
}

// unused gives the methods of repositories, builders and waiters that nothing
// has called, on the class itself or on one that inherits them.
export function unused(client) {
    const left = new Set();
    for (const [name, key] of methods(client)) {
        if (/^(SpaceScoped)?BasicRepository$/.test(name)) continue; // seen through those that inherit
        const what = `${name}.${key}`;
        const own = Object.hasOwn(client[name].prototype, key);
        const called = own ? used.has(what) : [...used].some((u) => u.endsWith(`.${key}`));
        if (!called && !elsewhere.some((e) => e.test(what) || e.test(`BasicRepository.${key}`))) left.add(what);
    }
    return [...left].sort();
}
