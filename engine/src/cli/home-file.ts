// `home.json` in a data folder: who runs there. Written by `keelson up` while it runs, and the lock that keeps a second
// one out: a file whose process is gone counts for nothing.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "#kernel";
import type { CliCode } from "./faults.ts";

export type HomeFile = {
  pid: number;
  /** When it started, RFC 3339. */
  since: string;
  kubeconfig: string;
  /** The console's address; empty until it listens. */
  url: string;
  /** The Kubernetes API's address; empty until it listens. */
  api: string;
};

/** What runs on a data folder, or undefined. */
export async function readRunningHome(folder: string): Promise<HomeFile | undefined> {
  const text = await readFile(join(folder, "home.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : runningOf(text);
}

function runningOf(text: string): HomeFile | undefined {
  try {
    const home = JSON.parse(text) as HomeFile;
    return isRunning(home.pid) ? home : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export type HomeLock = { write(home: HomeFile): void; release(): void };

/** Takes the data folder for this process. Fault `busy` says who holds it. */
export function lockHome(folder: string, home: HomeFile): HomeLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "home.json");
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, JSON.stringify(home));
      closeSync(file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 3) throw error;
      const other = runningOf(readFileSync(path, "utf8"));
      if (other !== undefined && other.pid !== home.pid) throw busy(folder, other);
      rmSync(path, { force: true });
    }
  }
  return {
    write(next) {
      const file = openSync(path, "w", 0o600);
      writeSync(file, JSON.stringify(next));
      closeSync(file);
    },
    release: () => rmSync(path, { force: true }),
  };
}

function busy(folder: string, other: HomeFile): Fault<CliCode> {
  // Without the token that opens it.
  const place = other.url.replace(/\?.*$/, "");
  return new Fault<CliCode>({
    code: "busy",
    disposition: "stall",
    at: folder,
    message: `a home runs here already (process ${other.pid}, since ${other.since}${place === "" ? "" : `, ${place}`})`,
    hint: `stop it with \`kill ${other.pid}\`, or choose another folder with --data`,
  });
}
