// Gateway API, where its definitions are installed: one simulated controller accepts every GatewayClass, programs every
// Gateway and accepts every route. Conditions and addresses are what implementations report when all is well.

import type { Cluster, Resource } from "#cluster";
import { WorkQueue } from "#controller";
import { type Clock, formatTime, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { publishedAddress } from "./addresses-published.ts";
import { conditionOf } from "./conditions.ts";
import { retryBackOff } from "./limits.ts";
import type { Condition } from "./types.ts";
import { keyOf, WatchedKind } from "./watched-kind.ts";

export const gatewayGroup = "gateway.networking.k8s.io";
const controllerName = "keelson.dev/simulated-gateway";
const manager = "simulated-gateway-controller";

export const gatewayKinds: readonly string[] = [
  "GatewayClass",
  "Gateway",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
];

/** The loop over one kind of the group; started when the kind is served, ended when it no longer is. */
export class GatewayLoop {
  readonly queue: WorkQueue;
  readonly resource: Resource;
  readonly #clock: Clock;
  readonly #kind: WatchedKind<Manifest>;

  constructor(cluster: Cluster, clock: Clock, resource: Resource) {
    this.resource = resource;
    this.#clock = clock;
    this.#kind = new WatchedKind(cluster, clock, resource);
    this.queue = new WorkQueue({ clock, backOff: retryBackOff });
  }

  start(signal: AbortSignal): void {
    this.#kind.subscribe((current) => {
      if (current !== undefined && needsStatus(current)) this.queue.add(keyOf(current), "spec");
    });
    this.#kind.run(signal);
  }

  async reconcile(key: string): Promise<void> {
    const object = this.#kind.byKey(key);
    if (object === undefined || !needsStatus(object)) return;
    await this.#kind.updateStatus(object, statusFor(object, this.#clock.now()), manager);
  }
}

/** Its controller has not seen this generation. A status that another controller writes is left alone. */
function needsStatus(object: Manifest): boolean {
  if (object.metadata.deletionTimestamp !== undefined) return false;
  const known = conditionsIn(object);
  if (known === undefined) return false;
  const accepted = conditionOf(known, "Accepted");
  return (
    accepted === undefined ||
    accepted.status !== "True" ||
    (accepted.observedGeneration ?? 0) !== object.metadata.generation
  );
}

/** Our own conditions; none yet is an empty list, undefined that the object is somebody else's. */
function conditionsIn(object: Manifest): readonly Condition[] | undefined {
  const status = isObject(object["status"]) ? object["status"] : {};
  if (object.kind.endsWith("Route")) {
    if (parentsOf(object).length === 0) return undefined;
    const parents = (status["parents"] ?? []) as { controllerName?: string; conditions?: Condition[] }[];
    return parents.find((parent) => parent.controllerName === controllerName)?.conditions ?? [];
  }
  return (status["conditions"] ?? []) as unknown as Condition[];
}

function statusFor(object: Manifest, now: number): JsonObject {
  const before = isObject(object["status"]) ? object["status"] : {};
  if (object.kind.endsWith("Route"))
    return { ...before, parents: parentsOf(object).map((parent) => parentStatus(object, parent, now)) };
  if (object.kind === "GatewayClass") return { ...before, conditions: conditions(object, ["Accepted"], now) };
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const listeners = (spec["listeners"] ?? []) as { name: string; protocol?: string }[];
  return {
    ...before,
    addresses: [{ type: "IPAddress", value: publishedAddress(object.metadata.uid ?? "") }],
    conditions: conditions(object, ["Accepted", "Programmed"], now),
    listeners: listeners.map(({ name, protocol }) => ({
      name,
      attachedRoutes: 0,
      supportedKinds: [{ group: gatewayGroup, kind: routeKindOf(protocol ?? "HTTP") }],
      conditions: conditions(object, ["Accepted", "Programmed", "ResolvedRefs"], now),
    })),
  };
}

function routeKindOf(protocol: string): string {
  if (protocol === "HTTP" || protocol === "HTTPS") return "HTTPRoute";
  return `${protocol}Route`;
}

function parentsOf(object: Manifest): JsonObject[] {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  return ((spec["parentRefs"] ?? []) as Json[]).filter((parent) => isObject(parent));
}

function parentStatus(object: Manifest, parentRef: JsonObject, now: number): JsonObject {
  return { parentRef, controllerName, conditions: conditions(object, ["Accepted", "ResolvedRefs"], now) };
}

function conditions(object: Manifest, types: readonly string[], now: number): JsonObject[] {
  const known = conditionsIn(object) ?? [];
  return types.map((type) => {
    const before = conditionOf(known, type);
    const isSame = before?.status === "True";
    return {
      type,
      status: "True",
      reason: type,
      message: "simulated",
      observedGeneration: object.metadata.generation ?? 0,
      lastTransitionTime: (isSame ? before?.lastTransitionTime : undefined) ?? formatTime(now),
    };
  });
}
