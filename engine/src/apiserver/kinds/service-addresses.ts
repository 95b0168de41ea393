// Cluster addresses and node ports: each given once, as kube-apiserver's allocators do. Part of the request, so that no two
// services can end up with one address.

import type { Admission, Registry, WriteCall } from "#apiserver/registry";
import { type FieldError, invalid } from "#api/crd";
import { internalError, invalid as refuse } from "#apiserver/registry";
import type { Manifest } from "#kernel";
import {
  alignAddresses,
  keepGiven,
  needsAddress,
  needsHealthPort,
  type ServiceSpec,
  settleFamilies,
  wantsNodePorts,
} from "./service-families.ts";

/** 10.96.0.0/16; the first addresses are for the server's own service and DNS. */
const networkPrefix = "10.96.";
const firstAddress = 256;
const addressCount = 65_536;
const firstNodePort = 30_000;
const lastNodePort = 32_767;

/** What is given but not yet stored is held this long: a write takes milliseconds. */
const holdMs = 10_000;

export function serviceAddresses(registry: Registry): Admission {
  const allocator = new Allocator(registry);
  return {
    mutate: (draft, live, call) => {
      const { group, plural } = call.served.resource;
      if (group === "" && plural === "services" && call.subresource === "") allocator.fill(draft, live, call);
    },
    validate: () => undefined,
  };
}

class Allocator {
  readonly #registry: Registry;
  /** Addresses and ports given lately, with what ends the wait for each. */
  readonly #held = new Map<string, () => void>();
  #nextAddress = firstAddress;
  #nextPort = firstNodePort;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  fill(draft: Manifest, live: Manifest | undefined, call: WriteCall): void {
    const spec = (draft.spec ??= {}) as ServiceSpec;
    const before = live === undefined ? undefined : ((live.spec ?? {}) as ServiceSpec);
    const context = { used: this.#used(call, draft.metadata.name), call, name: draft.metadata.name };
    if (before !== undefined) keepGiven(spec, before);
    alignAddresses(spec, before);
    const wrong = settleFamilies(spec, before);
    if (wrong.length > 0) throw refuse(call.served.resource, draft.metadata.name ?? "", wrong);
    this.#fillAddress(spec, before, context);
    this.#fillPorts(spec, before, context);
    if (needsHealthPort(spec) && (before === undefined || !needsHealthPort(before)))
      this.#fillHealthPort(spec, context);
  }

  #fillHealthPort(spec: ServiceSpec, context: Context): void {
    const port = spec.healthCheckNodePort ?? 0;
    if (port === 0) {
      spec.healthCheckNodePort = this.#takePort(context);
      return;
    }
    const problem = this.#portProblem(port, context);
    if (problem !== undefined)
      throw internalError(`failed to allocate requested HealthCheck NodePort ${port}: ${problem}`);
    this.#hold(String(port), context.call);
  }

  /** Only who is new to having an address is given one; what is wrong with others is said later. */
  #fillAddress(spec: ServiceSpec, before: ServiceSpec | undefined, context: Context): void {
    const isNew = before === undefined || !needsAddress(before);
    if (!needsAddress(spec) || !isNew || spec.clusterIPs?.[0] === "None") return;
    const wanted = spec.clusterIPs?.[0] ?? "";
    if (wanted === "") spec.clusterIP = this.#addressFor(context);
    else this.#claim(wanted, context);
    spec.clusterIPs = [spec.clusterIP as string];
  }

  #fillPorts(spec: ServiceSpec, before: ServiceSpec | undefined, context: Context): void {
    if (spec.type !== "NodePort" && spec.type !== "LoadBalancer") return;
    if (before === undefined) this.#fillNewPorts(spec, context);
    else this.#fillOtherPorts(spec, before, context);
  }

  /** Ports of one number share a node port. */
  #fillNewPorts(spec: ServiceSpec, context: Context): void {
    const given = new Map<number, number>();
    const ports = spec.ports ?? [];
    for (const [index, port] of ports.entries()) {
      const own = port.nodePort ?? 0;
      if (own === 0 && !wantsNodePorts(spec)) continue;
      const shared = given.get(port.port);
      if (shared === undefined) {
        const asked = ports.find((one) => one.port === port.port && (one.nodePort ?? 0) !== 0)?.nodePort;
        if (asked !== undefined) this.#claimPort(asked, index, context);
        port.nodePort = asked ?? this.#takePort(context);
        given.set(port.port, port.nodePort);
      } else if (own === 0) port.nodePort = shared;
      else if (own !== shared) this.#claimPort(own, index, context);
    }
  }

  #fillOtherPorts(spec: ServiceSpec, before: ServiceSpec, context: Context): void {
    const had = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
    const told = new Set<string>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if ((port.nodePort ?? 0) === 0) {
        if (!wantsNodePorts(spec)) continue;
        port.nodePort = this.#takePort(context);
      } else if (!had.has(port.nodePort)) {
        this.#claimPort(port.nodePort as number, index, context);
        had.add(port.nodePort);
      }
      const key = `${port.protocol ?? ""} ${port.nodePort}`;
      if (told.has(key)) throw internalError(`duplicate nodePort: {${key}}`);
      told.add(key);
    }
  }

  /** An address is an object that names its Service: without a name there is none, whatever else is wrong. */
  #addressFor(context: Context): string {
    const address = this.#takeAddress(context);
    // A dry run takes the address without making the object.
    if ((context.name ?? "") !== "" || context.call.isDryRun) return address;
    const why = `IPAddress.networking.k8s.io ${JSON.stringify(address)} is invalid: spec.parentRef.name: Required value`;
    return refuseField(context.call, "", invalid("spec.clusterIPs", [""], `failed to allocate IP: ${why}`));
  }

  #takeAddress({ used, call }: Context): string {
    for (let tried = 0; tried < addressCount; tried++) {
      const number = this.#nextAddress;
      this.#nextAddress = number + 1 < addressCount - 1 ? number + 1 : firstAddress;
      const address = `${networkPrefix}${number >> 8}.${number & 255}`;
      if (used.has(address)) continue;
      this.#hold(address, call);
      return address;
    }
    throw new Error("no cluster address is left");
  }

  #takePort({ used, call }: Context): number {
    for (let tried = firstNodePort; tried <= lastNodePort; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port < lastNodePort ? port + 1 : firstNodePort;
      if (used.has(String(port))) continue;
      this.#hold(String(port), call);
      used.add(String(port));
      return port;
    }
    throw new Error("no node port is left");
  }

  #claim(address: string, { used, call, name }: Context): void {
    const isInRange = /^10\.96\.(\d{1,3})\.(\d{1,3})$/.test(address);
    const problem = !isInRange
      ? `failed to allocate IP ${address}: the provided network does not match the current range`
      : used.has(address)
        ? `failed to allocate IP ${address}: provided IP is already allocated`
        : undefined;
    if (problem !== undefined) refuseField(call, name, invalid("spec.clusterIPs", [address], problem));
    this.#hold(address, call);
  }

  #portProblem(port: number, { used }: Context): string | undefined {
    if (port < firstNodePort || port > lastNodePort)
      return `provided port is not in the valid range. The range of valid ports is ${firstNodePort}-${lastNodePort}`;
    return used.has(String(port)) ? "provided port is already allocated" : undefined;
  }

  #claimPort(port: number, index: number, context: Context): void {
    const problem = this.#portProblem(port, context);
    if (problem !== undefined)
      refuseField(context.call, context.name, invalid(`spec.ports[${index}].nodePort`, port, problem));
    this.#hold(String(port), context.call);
    context.used.add(String(port));
  }

  #hold(what: string, call: WriteCall): void {
    if (call.isDryRun) return;
    this.#held.get(what)?.();
    // By a timer, which no setting of the clock holds up.
    this.#held.set(
      what,
      this.#registry.clock.after(holdMs, () => this.#held.delete(what)),
    );
  }

  /** What other services have, or were just given. */
  #used(call: WriteCall, name: string): Set<string> {
    const used = new Set(this.#held.keys());
    for (const { object } of this.#registry.collection(call.served.storage).range("core/services/")) {
      if (object.metadata.name === name && object.metadata.namespace === call.namespace) continue;
      const spec = (object.spec ?? {}) as ServiceSpec;
      for (const address of spec.clusterIPs ?? []) used.add(address);
      for (const { nodePort } of spec.ports ?? []) if (nodePort !== undefined) used.add(String(nodePort));
      if (spec.healthCheckNodePort !== undefined) used.add(String(spec.healthCheckNodePort));
    }
    return used;
  }
}

/** `name` is absent where the request gives none. */
type Context = { used: Set<string>; call: WriteCall; name: string | undefined };

function refuseField(call: WriteCall, name: string | undefined, error: FieldError): never {
  throw refuse(call.served.resource, name ?? "", [error]);
}
