// What a HelmRelease depends on: others of its kind by spec.dependsOn, in Flux's words; objects of any kind by an annotation,
// judged by their health.

import { type Dependency, deliveryKey } from "#delivery";
import { compileCel, evaluateCel } from "#formats/cel";
import { assess } from "#health";
import { asJson, conditionOf, fieldOf, type Manifest, textOf } from "#kernel";
import { ReleaseKindFault } from "./faults.ts";

export type DependencyLook = {
  self: Manifest;
  dependencies: readonly Dependency[];
  nowMs: number;
  /** An object as it stands; a text why it is not there. Whoever asks is woken when it changes. */
  read: (dependency: Dependency) => Promise<Manifest | string>;
};

/** Why the first dependency that is not met is not met. Throws a stalling fault for an expression that is none. */
export async function whyWaiting({ self, dependencies, nowMs, read }: DependencyLook): Promise<string | undefined> {
  for (const dependency of dependencies) {
    const found = await read(dependency);
    if (typeof found === "string") return `unable to get '${dependency.label}' dependency: ${found}`;
    const { readyExpression } = dependency;
    if (readyExpression !== undefined) {
      const result = isTrue(self, found, { dependency, readyExpression });
      if (typeof result === "string") return result;
      if (!result) return `dependency '${dependency.label}' is not ready according to readyExpr eval`;
      if (dependency.isAdditive !== true) continue;
    }
    const why = found.kind === self.kind ? whyNotReady(found) : whyNotHealthy(found, nowMs);
    if (why !== undefined) return `dependency '${dependency.label}' is not ready${why}`;
  }
  return undefined;
}

function whyNotReady(found: Manifest): string | undefined {
  const conditions = fieldOf(found, "status", "conditions");
  const ready = Array.isArray(conditions) ? conditions.find((each) => textOf(each, "type") === "Ready") : undefined;
  const isObserved = fieldOf(found, "status", "observedGeneration") === found.metadata.generation;
  if (isObserved && textOf(ready, "status") === "True") return undefined;
  const held = conditionOf(found, "Held");
  return held?.status === "True" ? `: held: ${held.message}` : "";
}

function whyNotHealthy(found: Manifest, nowMs: number): string | undefined {
  const health = assess(found, { now: nowMs });
  return health.waits === "Current" ? undefined : `: ${health.message}`;
}

type Asked = { dependency: Dependency; readyExpression: string };

function isTrue(self: Manifest, found: Manifest, { dependency, readyExpression }: Asked): boolean | string {
  const program = compileCel(readyExpression);
  if ("message" in program) throw invalid(dependency, program.message);
  const result = evaluateCel(readyExpression, { self: asJson(self), dep: asJson(found) });
  if (!result.ok) return result.message;
  if (typeof result.value !== "boolean") throw invalid(dependency, "does not give true or false");
  return result.value;
}

function invalid({ ref }: Dependency, message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "release-spec-invalid",
    disposition: "stall",
    message: `failed to evaluate dependency ${ref.name}: ${message}`,
    hint: "correct the expression; it sees this object as self and the dependency as dep",
  });
}

/** Names a HelmRelease as the registry of all does. */
export function releaseKey(object: Manifest): string {
  const { namespace = "", name } = object.metadata;
  return deliveryKey({ group: "helm.toolkit.fluxcd.io", kind: "HelmRelease", namespace, name });
}
