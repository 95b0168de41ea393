import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import { ManualClock } from "#kernel";
import { memoryStore } from "#store";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";

const clock = new ManualClock();
let folder = "";
let server: ApiServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keelson-logs-"));
  server = await startApiServer({ store: memoryStore(), clock });
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function line(ageMinutes: number, members: Record<string, string>): string {
  const ts = new Date(clock.now() - ageMinutes * 60_000).toISOString();
  return `${JSON.stringify({ ts, level: "info", logger: "delivery", msg: "done", ...members })}\n`;
}

function startHome(): string {
  const data = join(folder, ".keelson");
  mkdirSync(data);
  const home = { pid: process.pid, since: "", kubeconfig: join(data, "kubeconfig"), url: "", api: "embedded" };
  writeFileSync(join(data, "home.json"), JSON.stringify(home));
  const apps = { controllerKind: "Kustomization", name: "apps", namespace: "flux-system" };
  writeFileSync(join(data, "keelson.log.1"), line(90, { ...apps, msg: "oldest" }));
  const texts = [
    line(60, { ...apps, msg: "old" }),
    line(5, { ...apps, level: "error", msg: "failed", error: "no such path" }),
    line(4, { controllerKind: "GitRepository", name: "fleet", namespace: "team" }),
    line(3, { logger: "http" }),
  ];
  writeFileSync(join(data, "keelson.log"), texts.join(""));
  return join(data, "keelson.log");
}

async function logs(
  words: string[],
  signal = new AbortController().signal,
): Promise<{ code: number; lines: string[] }> {
  const io = memoryIo({ clock, folder, signal });
  const code = await runCommandLine(["logs", ...words], io, {
    version: "0.0.0",
    cluster: server.cluster(administrator),
  });
  const lines = io
    .text()
    .stdout.split("\n")
    .filter((each) => each !== "");
  return { code, lines: lines.map((each) => each.replace(/^\S+Z /, "")) };
}

describe("keelson logs", () => {
  const failed = "error Kustomization/apps.flux-system - failed no such path";
  const cases: [string, string[], string[]][] = [
    [
      "the namespace's objects and what is about none",
      [],
      [
        "info Kustomization/apps.flux-system - oldest",
        "info Kustomization/apps.flux-system - old",
        failed,
        "info http - done",
      ],
    ],
    ["one kind in all namespaces", ["--kind", "gitrepository", "-A"], ["info GitRepository/fleet.team - done"]],
    ["one object's errors", ["--name", "apps", "--level", "error"], [failed]],
    ["what is young", ["--since", "10m"], [failed, "info http - done"]],
    ["the last of what is wanted", ["--tail", "1", "--kind", "Kustomization"], [failed]],
  ];
  for (const [name, words, wanted] of cases)
    it(`shows ${name}`, async () => {
      startHome();
      expect(await logs(words)).toEqual({ code: 0, lines: wanted });
    });

  it("follows what comes, until interrupted", async () => {
    const path = startHome();
    const interrupt = new AbortController();
    const io = memoryIo({ clock, folder, signal: interrupt.signal });
    const ports = { version: "0.0.0", cluster: server.cluster(administrator) };
    const following = runCommandLine(["logs", "-f", "--tail", "1"], io, ports);
    const shown = async (text: string): Promise<void> => {
      while (!io.text().stdout.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await shown("http - done");
    appendFileSync(path, line(0, { logger: "http", msg: "new" }));
    await shown("http - new");
    interrupt.abort();
    expect(await following).toBe(0);
  });

  it("says where the log is when no Pod and no home has one", async () => {
    expect((await logs([])).code).toBe(1);
  });
});
