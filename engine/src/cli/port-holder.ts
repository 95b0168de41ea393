// Before a server starts: is its port free, and if not, who holds it?

import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { Fault } from "#kernel";
import type { CliCode } from "./faults.ts";

/** Throws Fault `busy` when somebody listens on the loopback port already. Port 0 is always free. */
export async function checkPortFree(port: number, flag: string): Promise<void> {
  if (port === 0 || (await canListen(port))) return;
  const holder = await holderOf(port).catch(() => undefined);
  throw new Fault<CliCode>({
    code: "busy",
    disposition: "stall",
    at: `127.0.0.1:${port}`,
    message: `the port is in use${holder === undefined ? " by another program" : ` by ${holder}`}`,
    hint: `choose another with ${flag} PORT; ${flag} 0 takes any free one`,
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** `node (process 4711)`: by /proc where there is one, else by lsof. */
async function holderOf(port: number): Promise<string | undefined> {
  const inode = await listeningInode(port).catch(() => undefined);
  if (inode !== undefined) return await processOfInode(inode);
  const { stdout } = await promisify(execFile)("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"]);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  const name = /^c(.+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : `${name ?? "a program"} (process ${pid})`;
}

async function listeningInode(port: number): Promise<string | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      const fields = line.trim().split(/\s+/);
      // Field 3 is the state; 0A is LISTEN.
      if (fields[1]?.endsWith(suffix) === true && fields[3] === "0A") return fields[9];
    }
  }
  return undefined;
}

async function processOfInode(inode: string): Promise<string | undefined> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    const files = await readdir(folder).catch(() => []);
    for (const file of files) {
      const link = await readlink(`${folder}/${file}`).catch(() => "");
      if (link === `socket:[${inode}]`) return await describeProcess(pid);
    }
  }
  return undefined;
}

async function describeProcess(pid: string): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").filter((word) => word !== "");
  const name = words.slice(0, 3).join(" ");
  return `${name === "" ? "a program" : `\`${name}\``} (process ${pid})`;
}
