// What is on a leash ends with the process that holds it, however that goes.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 120_000 });

const holder = (folder: string, ending: string): string => `
import { spawn } from "node:child_process";
import { leash } from ${JSON.stringify(new URL("leash.mjs", import.meta.url).href)};
const child = spawn("sleep", ["600"], { stdio: "ignore" });
const release = leash({ pids: [child.pid], folders: [${JSON.stringify(folder)}] });
console.log(child.pid);
child.unref();
${ending}
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The pid of what is on the leash, and the end of who holds it. */
async function start(folder: string, ending: string) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", holder(folder, ending)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const text = await new Promise<string>((resolve) => child.stdout.once("data", (bytes) => resolve(String(bytes))));
  return { child, ended, pid: Number(text) };
}

const wait = "setInterval(() => {}, 1000);";

it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL", "nothing"] as const)(
  "ends what is on a leash after %s",
  async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), "keelson-leash-"));
    const { child, ended, pid } = await start(folder, signal === "nothing" ? "" : wait);
    if (signal !== "nothing") child.kill(signal);
    await ended;
    await vi.waitFor(() => expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]), { timeout: 60_000 });
  },
);

it("leaves alone what was let go", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-leash-"));
  const { ended, pid } = await start(folder, "release();");
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([isAlive(pid), existsSync(folder)]).toEqual([true, true]);
  process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true });
});
