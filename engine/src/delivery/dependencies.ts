// Whether what a delivery depends on is ready, by the engine's own state, so that nobody waits for a status write.

import { compileCel, evaluateCel } from "#formats/cel";
import { asJson } from "#kernel";
import { DeliveryFault } from "./faults.ts";
import { dependencyRetryMs } from "./limits.ts";
import type { Delivery, SourceRef } from "./model.ts";
import type { DeliveryState } from "./state.ts";

export type Registry = {
  state(key: string): DeliveryState | undefined;
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
  if (wanted.readyExpression !== undefined) return whyNotTrue(self, dependency, wanted.readyExpression);
  if (!dependency.isReady) return dependency.waitingFor ?? (dependency.message || `it is ${dependency.phase}`);
  if (dependency.object.metadata.generation !== dependency.delivery.generation)
    return "its newest spec is not read yet";
  const hasSameSource = sameSource(self.delivery.source, dependency.delivery.source);
  if (hasSameSource && dependency.applied?.revision !== wanted.revision && dependency.revision !== wanted.revision) {
    return "it has not applied this revision yet";
  }
  return undefined;
}

/** A readiness expression stands in for the whole usual test. */
function whyNotTrue(self: DeliveryState, dependency: DeliveryState, expression: string): string | undefined {
  const program = compileCel(expression);
  const variables = { self: asJson(self.object), dep: asJson(dependency.object) };
  const result =
    "message" in program ? { ok: false as const, message: program.message } : evaluateCel(expression, variables);
  if ("message" in program || (result.ok && typeof result.value !== "boolean")) {
    throw new DeliveryFault({
      code: "expression-invalid",
      disposition: "stall",
      at: `readyExpr ${expression}`,
      message: result.ok ? "does not give true or false" : result.message,
      hint: "correct the expression; it sees this object as self and the dependency as dep",
    });
  }
  if (!result.ok) return `its readyExpr cannot be evaluated now: ${result.message}`;
  return result.value === true ? undefined : `its readyExpr is false: ${expression}`;
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
