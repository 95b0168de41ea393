// Wires the embedded home: store, control plane, its life and simulated workloads, and the engine over them. Loaded only
// by `keelson up`.

import { randomInt } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Identity } from "#cluster";
import { startLife } from "#apiserver/life";
import { simulatedLog, startWorkloads } from "#apiserver/workloads";
import { type Home, type HomeOptions, installDefinitions } from "#cli";
import type { Clock, Fault } from "#kernel";
import { openStore } from "#store";
import { openEngine } from "./engine.ts";
import { compileSooner, keepHeapSmall } from "./heap.ts";
import { openLog } from "./log.ts";

/** Opens the home in a data folder; everything runs when it resolves, and ends with `close`. */
export async function openHome(options: HomeOptions, clock: Clock): Promise<Home> {
  const { dataFolder, step } = options;
  keepHeapSmall();
  step("opening the store");
  mkdirSync(join(dataFolder, "store"), { recursive: true, mode: 0o700 });
  const log = openLog(join(dataFolder, "keelson.log"), clock);
  const store = openStore(join(dataFolder, "store"));
  const ending = new AbortController();
  const { signal } = ending;
  setMaxListeners(0, signal);
  step("starting the Kubernetes API");
  const server = await startApiServer({
    store,
    clock,
    dataFolder,
    listen: { port: options.apiPort },
    podLog: simulatedLog,
    failed: (error) => log.error("apiserver", error),
  });
  const cluster = server.cluster(administrator);
  const controllers = server.cluster(memberOf("system:kube-controller-manager"));
  const failed = (loop: string, key: string, fault: Fault): void => {
    // What met a newer state is looked at anew: routine, and no error.
    if (fault.code !== "workload-stale") log.error(loop, fault, { key });
  };
  await startLife({ cluster: controllers, clock, signal, caCertificate: server.caCertificate, failed });
  step("starting simulated workloads");
  await startWorkloads({ cluster: controllers, clock, signal, random, failed });
  step("installing the Flux definitions");
  // All of them each time: a newer version of this program may bring newer ones; equal ones are not written.
  await installDefinitions(cluster);
  step("starting the engine");
  const own = server.cluster(memberOf("system:keelson"));
  const authorOf = ({ uid, resourceVersion }: { uid: string; resourceVersion: string }): string | undefined =>
    nameOf(server.author(uid, resourceVersion));
  const engine = await openEngine({ ...options, cluster: own, log, authorOf }, clock);
  compileSooner();
  if (options.kubeconfigOut !== undefined) writeFileSync(options.kubeconfigOut, server.kubeconfig(), { mode: 0o600 });
  return {
    cluster,
    kubeconfig: options.kubeconfigOut ?? join(dataFolder, "kubeconfig"),
    api: server.url,
    url: engine.url,
    phases: engine.phases,
    async close() {
      // The engine first: what it still writes needs a server.
      await engine.close();
      ending.abort();
      await server.close();
      await store.close();
      log.close();
    },
  };
}

/** A part of this program: it may do everything, and the audit log tells it from people. */
function memberOf(user: string): Identity {
  return { user, groups: ["system:masters", "system:authenticated"] };
}

function nameOf(author: ReturnType<ApiServer["author"]>): string | undefined {
  if (author?.actingAs === undefined) return author?.user;
  return `${author.user} as ${author.actingAs}`;
}

/** From 0 to 1, for back-off and names. */
function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
