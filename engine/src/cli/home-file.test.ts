import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HomeFile, lockHome, readRunningHome } from "./home-file.ts";

const home: HomeFile = { pid: process.pid, since: "2026-01-01T00:00:00Z", kubeconfig: "/k", url: "", api: "" };
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keelson-home-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("a data folder", () => {
  it("is taken, read and given back", async () => {
    const lock = lockHome(folder, home);
    lock.write({ ...home, url: "http://x" });
    expect(await readRunningHome(folder)).toMatchObject({ ...home, url: "http://x" });
    lock.release();
    expect(await readRunningHome(folder)).toBeUndefined();
  });

  it("keeps a second process out, and says who holds it", () => {
    // Process 1 always runs.
    const lock = lockHome(folder, { ...home, pid: 1, url: "http://127.0.0.1:7440/?token=secret" });
    const words = "a home runs here already (process 1, since 2026-01-01T00:00:00Z, http://127.0.0.1:7440/)";
    expect(() => lockHome(folder, home)).toThrow(new RegExp(`^${words.replaceAll(/[().?]/g, "\\$&")}$`));
    lock.release();
  });

  it("is taken over from a process that is gone", async () => {
    // Beyond the kernel's greatest process id.
    lockHome(folder, { ...home, pid: 4_194_305 });
    expect(await readRunningHome(folder)).toBeUndefined();
    const lock = lockHome(folder, home);
    lock.release();
  });

  it.runIf(existsSync("/proc/self/stat"))("is taken over where another process bears the number by now", async () => {
    const path = join(folder, "home.json");
    const gone = lockHome(folder, home);
    const written = JSON.parse(readFileSync(path, "utf8")) as HomeFile;
    // Process 1 always runs, and began at another time.
    writeFileSync(path, JSON.stringify({ ...written, pid: 1 }));
    expect(await readRunningHome(folder)).toBeUndefined();
    lockHome(folder, home).release();
    gone.release();
  });

  it("is told of where it cannot be made", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "x")])
      expect(() => lockHome(path, home)).toThrow(/^the data folder cannot be made$/);
  });

  it.runIf(existsSync("/proc/self/stat"))("is told of where the system takes no folder", () => {
    // Where Node's own making of folders with their parents never ends.
    expect(() => lockHome("/proc/keelson/data", home)).toThrow(/^the data folder cannot be made$/);
  });
});
