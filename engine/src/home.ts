// Wires the embedded home: store, control plane, its life and simulated workloads, the engine, and the HTTP port. Loaded
// only by `keelson up`.

import { randomBytes, randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fluxDefinitions } from "#api/flux";
import { administrator, startApiServer } from "#apiserver";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import type { Home, HomeOptions } from "#cli";
import type { Cluster } from "#cluster";
import { type Clock, Fault, type Manifest } from "#kernel";
import { startHttpServer } from "#server";
import { openStore } from "#store";
import { openLog } from "./log.ts";

/** Opens the home in a data folder; everything runs when it resolves, and ends with `close`. */
export async function openHome(options: HomeOptions, clock: Clock): Promise<Home> {
  const { dataFolder, step } = options;
  step("opening the store");
  mkdirSync(join(dataFolder, "store"), { recursive: true, mode: 0o700 });
  const log = openLog(join(dataFolder, "keelson.log"), clock);
  const store = openStore(join(dataFolder, "store"));
  const ending = new AbortController();
  const { signal } = ending;
  step("starting the Kubernetes API");
  const server = await startApiServer({ store, clock, failed: (error) => log.error("apiserver", error) });
  const cluster = server.cluster(administrator);
  const failed = (loop: string, key: string, fault: Fault): void => log.error(loop, fault, { key });
  await startLife({ cluster, clock, signal, caCertificate: "", failed });
  step("starting simulated workloads");
  await startWorkloads({ cluster, clock, signal, random, failed });
  step("installing the Flux definitions");
  await installDefinitions(cluster, fluxDefinitions());
  step("opening the console");
  const token = readToken(join(dataFolder, "token"));
  const http = await startHttpServer({
    cluster,
    clock,
    port: options.port,
    token,
    consoleFolder: options.consoleFolder,
    failed: (error) => log.error("http", error),
    signal,
  });
  return {
    cluster,
    kubeconfig: join(dataFolder, "kubeconfig"),
    api: "",
    url: `http://127.0.0.1:${http.port}/?token=${token}`,
    async close() {
      ending.abort();
      await http.close();
      await server.close();
      await store.close();
      log.close();
    },
  };
}

/** Applies definitions and returns once all their kinds are served. */
async function installDefinitions(cluster: Cluster, definitions: readonly Manifest[]): Promise<void> {
  const discovery = await cluster.discover();
  const resource = discovery.ok
    ? discovery.value.byKind("apiextensions.k8s.io", "CustomResourceDefinition")
    : undefined;
  if (resource === undefined)
    throw new Fault({ code: "internal", disposition: "retry", message: "no definitions served" });
  for (const manifest of definitions) {
    const target = { resource, namespace: "", name: manifest.metadata.name };
    const applied = await cluster.apply(target, manifest, { fieldManager: "keelson", isForced: true });
    if (!applied.ok)
      throw new Fault({
        code: "internal",
        disposition: "retry",
        at: manifest.metadata.name,
        message: "the definition was refused",
        cause: new Error(applied.status.message),
      });
  }
  await untilServed(cluster, definitions);
}

/** A definition is served a moment after it was accepted. */
async function untilServed(cluster: Cluster, definitions: readonly Manifest[]): Promise<void> {
  for (let attempt = 0; attempt < servedAttempts; attempt++) {
    const discovery = await cluster.discover(true);
    if (
      discovery.ok &&
      definitions.every((manifest) => isServed(discovery.value.byKind.bind(discovery.value), manifest))
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, servedPauseMs));
  }
  throw new Fault({ code: "internal", disposition: "retry", message: "the definitions were not served in time" });
}

/** The console's token: made once for a data folder, so that an open page survives a restart. */
function readToken(path: string): string {
  const found = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (found !== "") return found;
  const token = randomBytes(24).toString("base64url");
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}

/** From 0 to 1, for back-off and names. */
function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}

const servedPauseMs = 10;
const servedAttempts = 1_000;

function isServed(byKind: (group: string, kind: string) => unknown, definition: Manifest): boolean {
  const spec = definition["spec"] as { group: string; names: { kind: string } };
  return byKind(spec.group, spec.names.kind) !== undefined;
}
