// A Go program that speaks client-go in all the ways programs do (oracles/clients): what it finds on the embedded control plane must be
// what it finds on a real kube-apiserver, word for word.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "./home.ts";

type Server = { url: string; token: string };

const oracles = process.env["KEELSON_ORACLES"] ?? "";
const program = join(oracles, "clients");
const canRun = ["clients", "kube-apiserver", "etcd"].every((name) => existsSync(join(oracles, name)));
const load = async <T>(tool: string): Promise<T> =>
  (await import(new URL(`../tools/${tool}`, import.meta.url).href)) as T;

/** The verdicts of one run, one line a check. */
async function verdicts({ url, token }: Server): Promise<string[]> {
  const { out, err } = await run(program, [url, token], { timeoutMs: 300_000 });
  const lines = out.split("\n").filter((line) => line !== "");
  if (lines.length === 0) throw new Error(err);
  return lines.map(withSortedManagers);
}

/** Managers stand in the order of their seconds, and a second may end between any two writes. */
function withSortedManagers(line: string): string {
  const verdict = JSON.parse(line) as { found?: { managers?: string[] } };
  verdict.found?.managers?.sort();
  return JSON.stringify(verdict);
}

async function onEmbedded(): Promise<string[]> {
  type Tool = { startControlPlane: (folder: string) => Promise<Server & { stop: () => Promise<void> }> };
  const { startControlPlane } = await load<Tool>("control-plane.mjs");
  const folder = mkdtempSync(join(tmpdir(), "keelson-clients-"));
  const server = await startControlPlane(folder);
  try {
    return await verdicts(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onReal(): Promise<string[]> {
  const { startOracle } = await load<{ startOracle: () => Promise<Server & { stop: () => void }> }>(
    "oracle-apiserver.mjs",
  );
  const server = await startOracle();
  try {
    return await verdicts(server);
  } finally {
    server.stop();
  }
}

it.skipIf(!canRun)("a client-go program finds the same here as on a real server", { timeout: 600_000 }, async () => {
  const [embedded, real] = await Promise.all([onEmbedded(), onReal()]);
  expect(real.filter((line) => !line.includes('"ok":true'))).toEqual([]);
  expect(embedded).toEqual(real);
});
