// Whether what a delivery depends on is ready, by the engine's own state, so that nobody waits for a status write.

import { DeliveryFault } from "./faults.ts";
import { dependencyRetryMs } from "./limits.ts";
import type { Delivery, SourceRef } from "./model.ts";
import type { DeliveryState } from "./state.ts";

export type Registry = {
  state(key: string): DeliveryState | undefined;
  /** Evaluates a readiness expression over the two objects; undefined when none can be evaluated. */
  evaluate: ((expression: string, self: DeliveryState, dependency: DeliveryState) => boolean) | undefined;
};

/** Throws DeliveryFault for the first dependency that is not met. */
export function requireDependencies(self: DeliveryState, revision: string, registry: Registry): void {
  const cycle = findCycle(self.delivery, registry);
  if (cycle !== undefined) {
    throw new DeliveryFault({
      code: "dependency-cycle",
      disposition: "stall",
      message: `dependencies form a cycle: ${cycle.join(" → ")}`,
      hint: "remove one of these dependsOn entries",
    });
  }
  for (const dependency of self.delivery.dependsOn) {
    const why = whyNotMet(self, { ...dependency, revision }, registry);
    if (why !== undefined) {
      throw new DeliveryFault({
        code: "dependency-not-ready",
        disposition: "wait",
        message: `dependency '${dependency.label}' is not ready: ${why}`,
        hint: `it is looked at again when it changes, and every ${dependencyRetryMs / 1000} s`,
      });
    }
  }
}

type Wanted = { key: string; readyExpression?: string; revision: string };

function whyNotMet(self: DeliveryState, wanted: Wanted, registry: Registry): string | undefined {
  const dependency = registry.state(wanted.key);
  if (dependency === undefined) return "it does not exist";
  if (wanted.readyExpression !== undefined) return whyNotTrue(self, dependency, wanted.readyExpression, registry);
  if (!dependency.isReady) return dependency.waitingFor ?? (dependency.message || `it is ${dependency.phase}`);
  if (dependency.object.metadata.generation !== dependency.delivery.generation)
    return "its newest spec is not read yet";
  const hasSameSource = sameSource(self.delivery.source, dependency.delivery.source);
  if (hasSameSource && dependency.applied?.revision !== wanted.revision && dependency.revision !== wanted.revision) {
    return "it has not applied this revision yet";
  }
  return undefined;
}

function whyNotTrue(
  self: DeliveryState,
  dependency: DeliveryState,
  expression: string,
  registry: Registry,
): string | undefined {
  if (registry.evaluate === undefined) return "its readyExpr cannot be evaluated by this version";
  return registry.evaluate(expression, self, dependency) ? undefined : `its readyExpr is false: ${expression}`;
}

export function sameSource(a: SourceRef, b: SourceRef): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** The labels along a cycle that leads back to the delivery; undefined when there is none. */
function findCycle(start: Delivery, registry: Registry): string[] | undefined {
  const seen = new Set<string>();
  const walk = (delivery: Delivery, path: string[]): string[] | undefined => {
    for (const { key, label } of delivery.dependsOn) {
      if (key === start.key) return [...path, label];
      if (seen.has(key)) continue;
      seen.add(key);
      const next = registry.state(key)?.delivery;
      const found = next === undefined ? undefined : walk(next, [...path, label]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [`${start.ref.namespace}/${start.ref.name}`]);
}
