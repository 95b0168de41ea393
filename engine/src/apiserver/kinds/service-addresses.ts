// Cluster addresses and node ports: each given once, as kube-apiserver's allocators do. Part of the request, so that no two
// services can end up with one address.

import type { Admission, Registry, WriteCall } from "#apiserver/registry";
import { type FieldError, invalid } from "#api/crd";
import { invalid as refuse } from "#apiserver/registry";
import type { Manifest } from "#kernel";

type Port = { port: number; nodePort?: number; protocol?: string; targetPort?: number | string };
type ServiceSpec = {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  ports?: Port[];
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  healthCheckNodePort?: number;
  externalTrafficPolicy?: string;
};

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
  /** Addresses and ports given lately, with the time they were given. */
  readonly #held = new Map<string, number>();
  #nextAddress = firstAddress;
  #nextPort = firstNodePort;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  fill(draft: Manifest, live: Manifest | undefined, call: WriteCall): void {
    const spec = (draft.spec ??= {}) as ServiceSpec;
    const before = (live?.spec ?? {}) as ServiceSpec;
    spec.type ??= "ClusterIP";
    const used = this.#used(call, draft.metadata.name);
    if (spec.type === "ExternalName") {
      for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) delete spec[name];
    } else this.#fillAddress(spec, before, { used, call, name: draft.metadata.name });
    this.#fillPorts(spec, before, { used, call, name: draft.metadata.name });
    this.#fillHealthPort(spec, before, { used, call, name: draft.metadata.name });
  }

  /** A load balancer that keeps traffic on its node asks each node by this port whether it has any. */
  #fillHealthPort(spec: ServiceSpec, before: ServiceSpec, context: Context): void {
    if (spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local") {
      if (before.healthCheckNodePort === spec.healthCheckNodePort) delete spec.healthCheckNodePort;
      return;
    }
    if ((spec.healthCheckNodePort ?? 0) === 0)
      spec.healthCheckNodePort = before.healthCheckNodePort ?? this.#takePort(context);
  }

  #fillAddress(spec: ServiceSpec, before: ServiceSpec, context: Context): void {
    const wanted = spec.clusterIP ?? spec.clusterIPs?.[0] ?? "";
    const kept = wanted === "" ? (before.clusterIP ?? "") : wanted;
    if (kept === "") spec.clusterIP = this.#addressFor(context);
    else {
      if (kept !== "None" && kept !== before.clusterIP) this.#claim(kept, context);
      spec.clusterIP = kept;
    }
    spec.clusterIPs = [spec.clusterIP];
    spec.ipFamilies ??= before.ipFamilies ?? ["IPv4"];
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy ?? "SingleStack";
  }

  #fillPorts(spec: ServiceSpec, before: ServiceSpec, context: Context): void {
    const wantsPorts = spec.type === "NodePort" || spec.type === "LoadBalancer";
    for (const port of spec.ports ?? []) {
      if (!wantsPorts) {
        if (before.type !== spec.type) delete port.nodePort;
        continue;
      }
      const old = (before.ports ?? []).find((one) => one.port === port.port && one.protocol === port.protocol);
      if ((port.nodePort ?? 0) === 0) port.nodePort = old?.nodePort ?? this.#takePort(context);
      else if (port.nodePort !== old?.nodePort) this.#claimPort(port.nodePort as number, context);
    }
  }

  /** An address is an object that names its Service: without a name there is none, whatever else is wrong. */
  #addressFor(context: Context): string {
    const address = this.#takeAddress(context);
    if ((context.name ?? "") !== "") return address;
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

  #claimPort(port: number, { used, call, name }: Context): void {
    const problem =
      port < firstNodePort || port > lastNodePort
        ? `provided port is not in the valid range. The range of valid ports is ${firstNodePort}-${lastNodePort}`
        : used.has(String(port))
          ? "provided port is already allocated"
          : undefined;
    if (problem !== undefined) refuseField(call, name, invalid("spec.ports[0].nodePort", port, problem));
    this.#hold(String(port), call);
  }

  #hold(what: string, call: WriteCall): void {
    if (!call.isDryRun) this.#held.set(what, this.#registry.clock.now());
  }

  /** What other services have, or were just given. */
  #used(call: WriteCall, name: string): Set<string> {
    const now = this.#registry.clock.now();
    for (const [what, since] of this.#held) if (now - since > holdMs) this.#held.delete(what);
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
