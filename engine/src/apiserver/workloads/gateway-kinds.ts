// Follows the definitions of Gateway API's kinds: a loop for each while it is served.

import { Informer } from "#cluster";
import type { Manifest } from "#kernel";
import { GatewayLoop, gatewayGroup, gatewayKinds } from "./gateways.ts";
import { definitionDelayMs } from "./limits.ts";
import type { World } from "./world.ts";

type Run = (name: string, loop: GatewayLoop, signal: AbortSignal) => void;

/** Resolved at once; loops come and go until the world's signal aborts. */
export async function followGatewayKinds(world: World, run: Run): Promise<void> {
  const { cluster, clock, signal } = world;
  const discovered = await cluster.discover();
  const definitions = discovered.ok
    ? discovered.value.byKind("apiextensions.k8s.io", "CustomResourceDefinition")
    : undefined;
  if (definitions === undefined) return;
  const running = new Map<string, AbortController>();
  let isDue = false;
  const look = async (): Promise<void> => {
    isDue = false;
    const answer = await cluster.discover(true);
    if (!answer.ok || signal.aborted) return;
    for (const kind of gatewayKinds) {
      const resource = answer.value.byKind(gatewayGroup, kind);
      if (resource === undefined) running.get(kind)?.abort();
      if (resource === undefined) running.delete(kind);
      else if (!running.has(kind)) {
        const abort = new AbortController();
        running.set(kind, abort);
        const both = AbortSignal.any([signal, abort.signal]);
        const loop = new GatewayLoop(cluster, clock, resource);
        loop.start(both);
        run(`gateway ${kind}`, loop, both);
      }
    }
  };
  const lookSoon = (name: string): void => {
    if (isDue || !name.endsWith(gatewayGroup)) return;
    isDue = true;
    clock.after(definitionDelayMs, () => void look());
  };
  const informer = new Informer<string>({
    cluster,
    clock,
    resource: definitions,
    isMetadataOnly: true,
    keep: ({ metadata }: Manifest) => metadata.name,
  });
  informer.subscribe({ changed: lookSoon, deleted: lookSoon });
  void informer.run(signal);
}
