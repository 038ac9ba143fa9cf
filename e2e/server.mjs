// Starts and ends servers of the built binary for the tests of this folder.
import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { existsSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const program = process.env.TAKO_BINARY ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../bin/tako");
export const absent = existsSync(program) ? false : `${program} is absent; make build makes it`;

// engines gives the databases to test on: SQLite always, PostgreSQL where the
// environment names a server.
export function engines() {
    const all = [{ name: "SQLite", skip: absent, database: () => ({ url: "", drop() {} }) }];
    const at = process.env.TAKO_TEST_POSTGRES;
    all.push({
        name: "PostgreSQL",
        skip: absent || (at ? false : "TAKO_TEST_POSTGRES names no PostgreSQL server; make test starts one"),
        database() {
            const name = "tako_e2e_" + randomBytes(6).toString("hex");
            const run = (sql) => execFileSync("psql", ["-q", "-v", "ON_ERROR_STOP=1", "-d", at, "-c", sql], { stdio: ["ignore", "ignore", "inherit"] });
            run(`create database ${name}`);
            const url = new URL(at);
            url.pathname = "/" + name;
            return { url: url.toString(), drop: () => run(`drop database ${name} with (force)`) };
        },
    });
    return all;
}

async function freePort() {
    const s = createServer();
    s.listen(0, "127.0.0.1");
    await once(s, "listening");
    const { port } = s.address();
    s.close();
    await once(s, "close");
    return port;
}

// poll asks again until an answer is there or the time is up.
export async function poll(what, seconds, ask) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
        const answer = await ask();
        if (answer) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited ${seconds} seconds for ${what} in vain`);
}

// processesOf gives the processes that were started from a folder: the built-in
// worker outlives its server for a while, so that work goes on when the server
// is replaced.
function processesOf(folder) {
    return readdirSync("/proc").filter((pid) => {
        if (!/^\d+$/.test(pid)) return false;
        try {
            return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
        } catch {
            return false; // it has ended
        }
    }).map(Number);
}

async function endWorker(folder) {
    for (const pid of processesOf(folder)) process.kill(pid, "SIGTERM");
    await poll("the worker's end", 20, () => processesOf(folder).length === 0);
}

// start runs a server with a data folder of its own until stop is called. A bare
// one is told nothing of its administrator and makes up a password.
export async function start(engine, { bare = false } = {}) {
    const folder = mkdtempSync(path.join(tmpdir(), "tako-e2e-"));
    const database = engine.database();
    const url = `http://127.0.0.1:${await freePort()}`;
    const key = "API-" + randomBytes(13).toString("hex").toUpperCase();
    const password = "Pass-" + randomBytes(8).toString("hex");
    const logFile = path.join(folder, "server.log");
    const log = openSync(logFile, "w");
    const told = bare ? {} : { TAKO_ADMIN_USERNAME: "admin", TAKO_ADMIN_PASSWORD: password, TAKO_ADMIN_API_KEY: key, TAKO_URL: url };
    const child = spawn(program, ["server", "--data", path.join(folder, "data"), "--listen", new URL(url).host, "--polling-listen", "off"], {
        env: { PATH: process.env.PATH, HOME: folder, TAKO_DATABASE: database.url, ...told },
        stdio: ["ignore", log, log],
    });
    closeSync(log);
    const ended = once(child, "exit");
    const stop = async () => {
        if (child.exitCode === null && child.signalCode === null) {
            child.kill("SIGTERM");
            const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
            await ended;
            clearTimeout(late);
        }
        await endWorker(folder);
        database.drop();
        rmSync(folder, { recursive: true, force: true });
    };
    try {
        await poll("the server", 60, async () => {
            if (child.exitCode !== null) throw new Error(`the server ended: ${readFileSync(logFile)}`);
            return (await fetch(url + "/healthz").catch(() => null))?.ok;
        });
    } catch (e) {
        await stop();
        throw e;
    }
    return { url, key, password, folder, stop, log: () => readFileSync(logFile, "utf8") };
}
