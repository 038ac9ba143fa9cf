// A real SSH server of the account that runs the tests, with keys of its own.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const program = "/usr/sbin/sshd";

// absent says why no SSH server can be started here.
export const absent = existsSync(program) ? false : `${program} is absent; apt-get install openssh-server brings it`;

export async function startSshd() {
    const dir = mkdtempSync(path.join(tmpdir(), "tako-portal-ssh-"));
    // Debian's sshd wants its own folder, which nothing makes where no system starts it.
    if (process.getuid() === 0) mkdirSync("/run/sshd", { recursive: true });
    const at = (name) => path.join(dir, name);
    for (const name of ["hostkey", "id"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
    const port = await freePort();
    writeFileSync(at("config"), [
        `Port ${port}`, "ListenAddress 127.0.0.1", "PidFile none", `HostKey ${at("hostkey")}`, `AuthorizedKeysFile ${at("id.pub")}`,
        "UsePAM no", "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no", "UseDNS no", "LogLevel ERROR", `SetEnv HOME=${dir}`, "",
    ].join("\n"));
    const server = spawn(program, ["-D", "-e", "-f", at("config")], { stdio: "ignore" });
    for (let tries = 0; !(await answers(port)); tries++) {
        if (tries > 200) throw new Error("the SSH server does not answer");
        await pause(50);
    }
    return {
        port,
        user: userInfo().username,
        key: readFileSync(at("id"), "utf8"),
        fingerprint: execFileSync("ssh-keygen", ["-l", "-f", at("hostkey.pub")], { encoding: "utf8" }).split(" ")[1],
        stop() {
            server.kill();
            rmSync(dir, { recursive: true, force: true });
        },
    };
}

function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

function answers(port) {
    return new Promise((resolve) => {
        const socket = net.connect(port, "127.0.0.1");
        socket.once("connect", () => { socket.destroy(); resolve(true); });
        socket.once("error", () => resolve(false));
    });
}
