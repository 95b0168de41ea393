// Whole command lines against the embedded server: what is printed, where, and the exit code.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { administrator, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { parseYamlDocuments } from "#formats/yaml";
import { asManifest, ManualClock, type Manifest, splitApiVersion } from "#kernel";
import { memoryStore } from "#store";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

const folder = join(import.meta.dirname, "testdata", "transcripts");

async function create(cluster: Cluster, object: Manifest): Promise<void> {
  const { group, version } = splitApiVersion(object.apiVersion);
  const discovery = await cluster.discover(true);
  const resource = discovery.ok ? discovery.value.byKind(group, object.kind, version) : undefined;
  if (resource === undefined) throw new Error(`not served: ${object.kind}`);
  const target = { resource, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  const created = await cluster.create(target, object, { fieldManager: "test" });
  if (!created.ok) throw new Error(`${object.kind} ${object.metadata.name}: ${created.status.message}`);
  if (object["status"] === undefined) return;
  const body = { type: "merge", patch: { status: object["status"] } } as Parameters<Cluster["patch"]>[1];
  const patched = await cluster.patch({ ...target, subresource: "status" }, body, { fieldManager: "test" });
  if (!patched.ok) throw new Error(patched.status.message);
}

async function served(cluster: Cluster, definitions: readonly Manifest[]): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const discovery = await cluster.discover(true);
    if (discovery.ok && discovery.value.byKind("kustomize.toolkit.fluxcd.io", "Kustomization") !== undefined) {
      const kinds = definitions.map((d) => d["spec"] as { names: { kind: string }; group: string });
      if (kinds.every((d) => discovery.value.byKind(d.group, d.names.kind) !== undefined)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("definitions were not served in time");
}

async function startFleet(): Promise<{ cluster: Cluster; clock: ManualClock; close(): Promise<void> }> {
  const clock = new ManualClock();
  const server = await startApiServer({ store: memoryStore(), clock });
  const cluster = server.cluster(administrator);
  const definitions = fluxDefinitions();
  for (const definition of definitions) await create(cluster, definition);
  await served(cluster, definitions);
  const text = readFileSync(join(folder, "objects.yaml"), "utf8");
  for (const document of parseYamlDocuments(text)) await create(cluster, asManifest(document));
  return { cluster, clock, close: async () => await server.close() };
}

/** Uids, resource versions and the like differ from run to run. */
function steady(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
    .replaceAll(/("?resourceVersion"?: )"\d+"/g, '$1"N"');
}

async function transcribe(lines: readonly string[]): Promise<string> {
  const fleet = await startFleet();
  let text = "";
  for (const line of lines) {
    // What is watched is what there is: nothing changes, and the watch ends as it begins.
    const signal = line.includes(" --watch") ? AbortSignal.abort() : new AbortController().signal;
    const io = memoryIo({ clock: fleet.clock, signal });
    const words = line.split(" ").slice(1);
    const code = await runCommandLine(words, io, { version: "0.0.0", cluster: fleet.cluster });
    const { stdout, stderr } = io.text();
    text += `$ ${line}\n${stdout}${stderr.replaceAll(/^(?=.)/gm, "2> ")}${code === 0 ? "" : `[exit ${code}]\n`}\n`;
  }
  await fleet.close();
  return steady(text);
}

describe("transcripts", () => {
  for (const name of readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? entry.name : [],
  )) {
    it(name, async () => {
      const lines = readFileSync(join(folder, name, "commands.txt"), "utf8")
        .trim()
        .split("\n");
      const text = await transcribe(lines);
      const expected = join(folder, name, "expected.txt");
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(expected, text);
      expect(text).toBe(readFileSync(expected, "utf8"));
    });
  }
});
