// Serves an empty Git repository over HTTP, as hosts of repositories do.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";

// repository makes a bare repository in a folder that is not there yet.
export async function repository(folder) {
    mkdirSync(folder);
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", path.join(folder, "x.git")]);
    execFileSync("git", ["-C", path.join(folder, "x.git"), "config", "http.receivepack", "true"]);
    const server = createServer((request, response) => {
        const url = new URL(request.url, "http://127.0.0.1");
        const backend = spawn("git", ["http-backend"], {
            env: {
                PATH: process.env.PATH, GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: "1", PATH_INFO: url.pathname, QUERY_STRING: url.search.slice(1), REQUEST_METHOD: request.method,
                CONTENT_TYPE: request.headers["content-type"] ?? "", CONTENT_LENGTH: request.headers["content-length"] ?? "", HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
                HTTP_GIT_PROTOCOL: request.headers["git-protocol"] ?? "", REMOTE_USER: "someone",
            },
            stdio: ["pipe", "pipe", "inherit"],
        });
        request.pipe(backend.stdin);
        const parts = [];
        backend.stdout.on("data", (part) => parts.push(part));
        backend.on("close", () => {
            const answer = Buffer.concat(parts);
            const end = answer.indexOf("\r\n\r\n");
            let status = 200;
            for (const line of answer.subarray(0, end).toString().split("\r\n")) {
                const [name, value] = line.split(/: (.*)/);
                if (name === "Status") status = Number.parseInt(value, 10);
                else if (name) response.setHeader(name, value);
            }
            response.writeHead(status).end(answer.subarray(end + 4));
        });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
        url: `http://127.0.0.1:${server.address().port}/x.git`,
        async close() {
            server.close();
            server.closeAllConnections();
            await once(server, "close");
        },
    };
}
