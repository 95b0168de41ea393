// `home.json` in a data folder: who runs there. Written by `keelson up` while it runs, and the lock that keeps a second
// one out: a file whose process is gone counts for nothing, also where another process bears its number by now.

import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "#kernel";
import type { CliCode } from "./faults.ts";
import { makeFolder } from "./make-folder.ts";

export type HomeFile = {
  pid: number;
  /** When it started, RFC 3339. */
  since: string;
  kubeconfig: string;
  /** The console's address; empty until it listens. */
  url: string;
  /** The Kubernetes API's address; empty until it listens. */
  api: string;
  /** What tells the process from a later one with the same number; `lockHome` writes it where the system says it. */
  birth?: string;
};

/** What runs on a data folder, or undefined. */
export async function readRunningHome(folder: string): Promise<HomeFile | undefined> {
  const text = await readFile(join(folder, "home.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : runningOf(text);
}

function runningOf(text: string): HomeFile | undefined {
  try {
    const home = JSON.parse(text) as HomeFile;
    return isRunning(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

function isRunning({ pid, birth }: HomeFile): boolean {
  const now = birthOf(pid);
  if (birth !== undefined && now !== undefined) return birth === now;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The boot and the tick at which a process began, where there is /proc: numbers of processes come again, this does not. */
function birthOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Behind the name in parentheses, which may hold anything, it is the twentieth field.
    const tick = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
    return tick === undefined ? undefined : `${boot} ${tick}`;
  } catch {
    return undefined;
  }
}

export type HomeLock = { write(home: HomeFile): void; release(): void };

/** Takes the data folder for this process. Fault `busy` says who holds it. */
export function lockHome(folder: string, home: HomeFile): HomeLock {
  makeFolder(folder, "data folder", 0o700);
  const path = join(folder, "home.json");
  const birth = birthOf(home.pid);
  const write = (next: HomeFile, mode: "w" | "wx"): void => {
    const file = openSync(path, mode, 0o600);
    writeSync(file, JSON.stringify(birth === undefined ? next : { ...next, birth }));
    closeSync(file);
  };
  for (let attempt = 0; ; attempt++) {
    try {
      write(home, "wx");
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 3) throw unwritable(folder, error);
      const other = runningOf(readFileSync(path, "utf8"));
      if (other !== undefined && other.pid !== home.pid) throw busy(folder, other);
      rmSync(path, { force: true });
    }
  }
  return {
    write: (next) => write(next, "w"),
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

function unwritable(folder: string, cause: unknown): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "failed",
    disposition: "stall",
    at: folder,
    message: "the data folder cannot be written to",
    hint: "choose a folder on a disk that can be written to with --data, or make room on this one",
    cause,
  });
}
