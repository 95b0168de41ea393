// Starts the simulation of workloads: nothing runs images, everything goes through its phases. Only ever started beside
// the embedded server.

import type { Cluster } from "#cluster";
import { type Reconcile, runController, type WorkQueue } from "#controller";
import type { Clock, Fault } from "#kernel";
import { Ingresses, LoadBalancers } from "./addresses-published.ts";
import { Budgets } from "./budgets.ts";
import { Claims } from "./claims.ts";
import { CronJobs } from "./cron-jobs.ts";
import { DaemonSets } from "./daemon-sets.ts";
import { Deployments } from "./deployments.ts";
import { Endpoints } from "./endpoints.ts";
import { followGatewayKinds } from "./gateway-kinds.ts";
import { Jobs } from "./jobs.ts";
import { concurrency } from "./limits.ts";
import { startNodes } from "./nodes.ts";
import { Pods } from "./pods.ts";
import { ReplicaSets } from "./replica-sets.ts";
import { StatefulSets } from "./stateful-sets.ts";
import { openWorld, type World } from "./world.ts";

export type WorkloadsOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** Between 0 and 1, for names. */
  random: () => number;
  /** Told of each pass that failed; it is tried again. */
  failed?: (loop: string, key: string, fault: Fault) => void;
};

/** A loop over one kind. */
type Loop = { queue: WorkQueue; reconcile: (key: string) => ReturnType<Reconcile> };

/** Resolved once everything is watched, the nodes are ready and the loops run; goes on until the signal aborts. */
export async function startWorkloads(options: WorkloadsOptions): Promise<void> {
  const world = await openWorld(options);
  if (options.signal.aborted) return;
  await startNodes(world);
  for (const [name, loop] of Object.entries(loopsOf(world))) {
    loop.start();
    run(options, name, loop);
  }
  await followGatewayKinds(world, (name, loop, signal) => run({ ...options, signal }, name, loop));
}

function loopsOf(world: World): Record<string, Loop & { start(): void }> {
  return {
    pods: new Pods(world),
    "replica-sets": new ReplicaSets(world),
    deployments: new Deployments(world),
    "stateful-sets": new StatefulSets(world),
    "daemon-sets": new DaemonSets(world),
    jobs: new Jobs(world),
    "cron-jobs": new CronJobs(world),
    endpoints: new Endpoints(world),
    claims: new Claims(world),
    "load-balancers": new LoadBalancers(world),
    ingresses: new Ingresses(world),
    budgets: new Budgets(world),
  };
}

function run(options: WorkloadsOptions, name: string, loop: Loop): void {
  const { clock, signal, failed } = options;
  const told = failed === undefined ? {} : { failed: (key: string, fault: Fault) => failed(name, key, fault) };
  const reconcile = (key: string): ReturnType<Reconcile> => loop.reconcile(key);
  void runController({ name, queue: loop.queue, reconcile, clock, signal, concurrency, ...told });
}
