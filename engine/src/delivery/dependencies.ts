// Whether what a delivery depends on is ready. Another delivery is judged by the engine's own state, so that nobody waits
// for a status write; any other object by what stands in the cluster, and its watch wakes who waits.

import { compileCel, evaluateCel } from "#formats/cel";
import { assess } from "#health";
import { asJson, type Clock, conditionOf, fieldOf, type Manifest, textOf, type VersionedRef } from "#kernel";
import { DeliveryFault } from "./faults.ts";
import type { Delivery, Dependency, SourceRef } from "./model.ts";
import type { Reach } from "./pass.ts";
import type { DeliveryState } from "./state.ts";

export type Registry = {
  state(key: string): DeliveryState | undefined;
};

export type DependencyWorld = {
  registry: Registry;
  clock: Clock;
  /** The object as it stands, watched from now on for the delivery that asks; undefined when it is not there. */
  read: (ref: VersionedRef, reader: string) => Promise<Manifest | undefined>;
};

/** Dependencies live where the deliveries do, whatever cluster these apply to. */
export function dependencyWorld(
  { cluster, kinds, live }: Reach,
  clock: Clock,
  state: Registry["state"],
): DependencyWorld {
  return {
    clock,
    registry: { state },
    read: async (ref, reader) => {
      const resource = (await kinds.find(ref)) ?? (await kinds.find({ group: ref.group, kind: ref.kind }));
      if (resource === undefined) return undefined;
      const namespace = resource.isNamespaced ? ref.namespace : "";
      await live.watchOther(resource, { ...ref, namespace }, reader);
      const answer = await cluster.get({ resource, namespace, name: ref.name });
      return answer.ok ? answer.value : undefined;
    },
  };
}

/** Throws DeliveryFault for the first dependency that is not met. */
export async function requireDependencies(
  self: DeliveryState,
  revision: string,
  world: DependencyWorld,
): Promise<void> {
  const cycle = findCycle(self.delivery, world.registry);
  if (cycle !== undefined) {
    throw new DeliveryFault({
      code: "dependency-cycle",
      disposition: "stall",
      message: `dependencies form a cycle: ${cycle.join(" → ")}`,
      hint: "remove one of these dependsOn entries",
    });
  }
  for (const dependency of self.delivery.dependsOn) {
    const why = await whyNotMet(self, { dependency, revision }, world);
    if (why === undefined) continue;
    throw new DeliveryFault({
      code: "dependency-not-ready",
      disposition: "wait",
      message: `dependency '${dependency.label}' ${dependency.isDiscreet === true ? why.replace(/:.*$/s, "") : why}`,
      hint: `it is looked at again when it changes, and every ${self.delivery.dependencyRetryMs / 1000} s`,
    });
  }
}

type Wanted = { dependency: Dependency; revision: string };

async function whyNotMet(self: DeliveryState, wanted: Wanted, world: DependencyWorld): Promise<string | undefined> {
  const { dependency } = wanted;
  const state = world.registry.state(dependency.key);
  const object = state?.object ?? (await world.read(dependency.ref, self.delivery.key));
  if (object === undefined) return "not found";
  if (dependency.readyExpression !== undefined) {
    const why = whyNotTrue(self, object, dependency.readyExpression);
    if (why !== undefined || dependency.isAdditive !== true) return why;
  }
  if (state !== undefined) return whyNotReady(self, state, wanted.revision);
  const isAlike = dependency.ref.kind === self.delivery.ref.kind && dependency.ref.group === self.delivery.ref.group;
  return isAlike ? whyStatusNotReady(self, object, wanted.revision) : whyNotHealthy(object, world.clock.now());
}

/** Why a delivery that this engine looks after is not what another waits for at a revision; undefined: it is. */
export function whyNotReady(self: DeliveryState, dependency: DeliveryState, revision: string): string | undefined {
  if (!dependency.isReady)
    return `is not ready: ${dependency.waitingFor ?? (dependency.message || `it is ${dependency.phase}`)}`;
  if (dependency.object.metadata.generation !== dependency.delivery.generation)
    return "is not ready: its newest spec is not read yet";
  if (!sameSource(self.delivery.source, dependency.delivery.source)) return undefined;
  if (dependency.applied?.revision === revision || dependency.revision === revision) return undefined;
  return `revision is not up to date${dependency.hold === undefined ? "" : `: ${dependency.hold.message}`}`;
}

/** A delivery that another engine looks after says what it did in its status: the test is Flux's own. */
function whyStatusNotReady(self: DeliveryState, object: Manifest, revision: string): string | undefined {
  const observed = fieldOf(object, "status", "observedGeneration");
  const ready = conditionOf(object, "Ready");
  if (ready?.status !== "True" || observed !== object.metadata.generation)
    return `is not ready: ${(ready?.message ?? "") || "it has no result yet"}`;
  const source = {
    kind: textOf(object, "spec", "sourceRef", "kind"),
    name: textOf(object, "spec", "sourceRef", "name"),
    namespace: textOf(object, "spec", "sourceRef", "namespace") || (object.metadata.namespace ?? ""),
  };
  const applied = fieldOf(object, "status", "lastAppliedRevision");
  return sameSource(self.delivery.source, source) && applied !== revision ? "revision is not up to date" : undefined;
}

/** Any other kind is ready when it is healthy, and its Ready condition, if it has one, says so. */
function whyNotHealthy(object: Manifest, nowMs: number): string | undefined {
  const health = assess(object, { now: nowMs });
  if (health.waits === "Current") return undefined;
  return `is not ready: ${health.message}`;
}

/** A readiness expression stands in for the whole usual test. */
function whyNotTrue(self: DeliveryState, dependency: Manifest, expression: string): string | undefined {
  const program = compileCel(expression);
  const variables = { self: asJson(self.object), dep: asJson(dependency) };
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
  if (!result.ok) return `is not ready: its readyExpr cannot be evaluated now: ${result.message}`;
  return result.value === true
    ? undefined
    : `is not ready according to readyExpr eval: its readyExpr is false: ${expression}`;
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
