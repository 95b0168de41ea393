// Wires the embedded home: control plane, simulated workloads, and the engine over them. Loaded only
// by `keelson up`.

import { randomInt } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { administrator, type ApiServer } from "#apiserver";
import { simulatedLog, startWorkloads } from "#apiserver/workloads";
import { type Home, type HomeOptions, installDefinitions } from "#cli";
import type { Clock, Fault } from "#kernel";
import { openControlPlane, partOf } from "./control-plane.ts";
import { openEngine } from "./engine.ts";
import { openLog } from "./log.ts";

/** Opens the home in a data folder; everything runs when it resolves, and ends with `close`. */
export async function openHome(options: HomeOptions, clock: Clock): Promise<Home> {
  const { dataFolder, step } = options;
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const log = openLog(join(dataFolder, "keelson.log"), clock);
  const ending = new AbortController();
  const { signal } = ending;
  setMaxListeners(0, signal);
  const failed = (loop: string, key: string, fault: Fault): void => {
    // What met a newer state is looked at anew: routine, and no error.
    if (fault.code !== "workload-stale") log.error(loop, fault, { key });
  };
  const controlPlane = await openControlPlane({
    dataFolder,
    port: options.apiPort,
    clock,
    signal,
    podLog: simulatedLog,
    step,
    failed: (error) => log.error("apiserver", error),
    loopFailed: failed,
  });
  const { server, controllers } = controlPlane;
  const cluster = server.cluster(administrator);
  step("starting simulated workloads");
  await startWorkloads({ cluster: controllers, clock, signal, random, failed });
  step("installing the Flux definitions");
  // All of them each time: a newer version of this program may bring newer ones; equal ones are not written.
  await installDefinitions(cluster);
  step("starting the engine");
  const own = server.cluster(partOf("system:keelson"));
  const authorOf = ({ uid, resourceVersion }: { uid: string; resourceVersion: string }): string | undefined =>
    nameOf(server.author(uid, resourceVersion));
  const engine = await openEngine({ ...options, cluster: own, log, authorOf }, clock);
  controlPlane.started();
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
      await controlPlane.close();
      log.close();
    },
  };
}

function nameOf(author: ReturnType<ApiServer["author"]>): string | undefined {
  if (author?.actingAs === undefined) return author?.user;
  return `${author.user} as ${author.actingAs}`;
}

/** From 0 to 1, for back-off and names. */
function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
