// Endpoints and EndpointSlices of Services with a selector: the addresses of their pods. Written only when they differ,
// and once for a burst of pods.

import { WorkQueue } from "#controller";
import { equalJson, type Json, type JsonObject, type Manifest } from "#kernel";
import { controllerReference } from "./claiming.ts";
import { batchMs, endpointsSize, retryBackOff, sliceSize } from "./limits.ts";
import { compareText, isReady, isTerminating } from "./pod-facts.ts";
import type { Container, Pod, Service, ServicePort } from "./types.ts";
import { keyOf } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

const sliceManager = "endpointslice-controller.k8s.io";

/** Pods that resolve the service's ports to the same numbers. */
type Group = { ports: JsonObject[]; pods: Pod[] };

export class Endpoints {
  readonly queue: WorkQueue;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    const { services, pods } = this.#world;
    services.subscribe((current, previous) => {
      const service = current ?? previous;
      if (service !== undefined) this.queue.add(keyOf(service), "spec");
    });
    pods.subscribe((current, previous) => {
      if (current !== undefined && previous !== undefined && isSameEndpoint(current, previous)) return;
      for (const pod of [current, previous])
        for (const service of this.#world.services.inNamespace(pod?.metadata.namespace ?? ""))
          if (pod !== undefined && selects(service, pod)) this.queue.addAfter(keyOf(service), "drift", batchMs);
    });
  }

  async reconcile(key: string): Promise<void> {
    const { services, pods } = this.#world;
    const service = services.byKey(key);
    // The garbage collector removes the slices of a service that is gone; Endpoints have no owner.
    if (service === undefined) return this.#removeEndpoints(key);
    if (service.metadata.deletionTimestamp !== undefined) return;
    if (service.spec.selector === undefined || service.spec.type === "ExternalName") return;
    const chosen = pods
      .inNamespace(service.metadata.namespace ?? "")
      .filter((pod) => selects(service, pod) && isReachable(pod))
      .sort((a, b) => compareText(a.metadata.name, b.metadata.name));
    await this.#writeSlices(service, chosen);
    await this.#writeEndpoints(service, chosen);
  }

  async #removeEndpoints(key: string): Promise<void> {
    const held = this.#world.endpoints.byKey(key);
    if (held?.metadata.labels?.["endpoints.kubernetes.io/managed-by"] === "endpoint-controller")
      await this.#world.endpoints.delete(held);
  }

  async #writeSlices(service: Service, pods: readonly Pod[]): Promise<void> {
    const { slices } = this.#world;
    const held = slices
      .ownedBy(service)
      .filter(({ metadata }) => metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === sliceManager)
      .sort((a, b) => compareText(a.metadata.name, b.metadata.name));
    const wanted = groupByPorts(service, pods).flatMap((group) =>
      chunks(group).map((chunk) => this.#sliceContent(service, chunk)),
    );
    for (const [index, content] of wanted.entries()) {
      const before = held[index];
      if (before === undefined) await slices.create(newSlice(service, content), controllerManager);
      else if (!hasContent(before, content)) await slices.update({ ...before, ...content }, controllerManager);
    }
    for (const surplus of held.slice(wanted.length)) await slices.delete(surplus);
  }

  #sliceContent(service: Service, group: Group): Content {
    return sliceContent(service, group, ({ spec }) => {
      const zone = this.#world.nodes.get("", spec.nodeName ?? "")?.metadata.labels?.["topology.kubernetes.io/zone"];
      return zone === undefined ? {} : { zone };
    });
  }

  async #writeEndpoints(service: Service, pods: readonly Pod[]): Promise<void> {
    const { endpoints } = this.#world;
    const { name, namespace = "", labels } = service.metadata;
    const subsets = groupByPorts(service, pods.filter((pod) => !isTerminating(pod)).slice(0, endpointsSize)).flatMap(
      (group) => subsetOf(service, group),
    );
    const held = endpoints.get(namespace, name);
    const headless = service.spec.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {};
    const marks = { ...labels, ...headless, "endpoints.kubernetes.io/managed-by": "endpoint-controller" };
    const content = subsets.length === 0 ? {} : { subsets };
    if (held === undefined) {
      const fresh = { apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace, labels: marks }, ...content };
      await endpoints.create(fresh, controllerManager);
      return;
    }
    const isSame =
      equalJson((held["subsets"] ?? []) as Json, subsets) && equalJson((held.metadata.labels ?? {}) as Json, marks);
    if (isSame) return;
    const { subsets: _, ...rest } = held;
    await endpoints.update(
      { ...rest, metadata: { ...held.metadata, labels: marks }, ...content } as Manifest,
      controllerManager,
    );
  }
}

function isSameEndpoint(a: Pod, b: Pod): boolean {
  return (
    isReady(a) === isReady(b) &&
    a.status?.podIP === b.status?.podIP &&
    a.status?.phase === b.status?.phase &&
    isTerminating(a) === isTerminating(b) &&
    equalJson((a.metadata.labels ?? {}) as Json, (b.metadata.labels ?? {}) as Json)
  );
}

function selects(service: Service, pod: Pod): boolean {
  const { selector } = service.spec;
  if (selector === undefined || Object.keys(selector).length === 0) return false;
  return Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value);
}

function isReachable(pod: Pod): boolean {
  return pod.status?.podIP !== undefined && pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed";
}

function groupByPorts(service: Service, pods: readonly Pod[]): Group[] {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const ports = (service.spec.ports ?? []).flatMap((port) => resolvePort(port, pod));
    const key = JSON.stringify(ports);
    const group: Group = groups.get(key) ?? { ports, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  if (groups.size === 0) return [{ ports: [], pods: [] }];
  return [...groups.values()];
}

/** A named target port is looked up in the pod; a pod without it has no such port. */
function resolvePort(port: ServicePort, pod: Pod): JsonObject[] {
  const target = port.targetPort ?? port.port;
  const isOpen = (container: Container): boolean => container.ports?.some(({ name }) => name === target) === true;
  const number =
    typeof target === "number"
      ? target
      : pod.spec.containers.find(isOpen)?.ports?.find(({ name }) => name === target)?.containerPort;
  if (number === undefined) return [];
  const appProtocol = port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol };
  return [{ name: port.name ?? "", port: number, protocol: port.protocol ?? "TCP", ...appProtocol }];
}

function chunks(group: Group): Group[] {
  const parts: Group[] = [];
  for (let from = 0; from === 0 || from < group.pods.length; from += sliceSize)
    parts.push({ ports: group.ports, pods: group.pods.slice(from, from + sliceSize) });
  return parts;
}

type Content = { addressType: string; endpoints: JsonObject[]; ports: JsonObject[] };

function sliceContent(service: Service, { ports, pods }: Group, zones: (pod: Pod) => JsonObject): Content {
  const publishes = service.spec.publishNotReadyAddresses === true;
  const endpoints = pods.map((pod) => {
    const [isServing, isGoing] = [isReady(pod), isTerminating(pod)];
    return {
      addresses: [pod.status?.podIP ?? ""],
      conditions: { ready: publishes || (isServing && !isGoing), serving: isServing, terminating: isGoing },
      ...hostnameOf(service, pod),
      nodeName: pod.spec.nodeName ?? "",
      targetRef: targetOf(pod),
      ...zones(pod),
    };
  });
  return { addressType: "IPv4", endpoints, ports };
}

/** The name that a pod has below its Service's. */
function hostnameOf({ metadata }: Service, { spec: { hostname = "", subdomain } }: Pod): { hostname?: string } {
  return hostname !== "" && subdomain === metadata.name ? { hostname } : {};
}

function targetOf({ metadata }: Pod): JsonObject {
  return { kind: "Pod", name: metadata.name, namespace: metadata.namespace ?? "", uid: metadata.uid ?? "" };
}

function hasContent(slice: Manifest, content: Content): boolean {
  return (
    equalJson((slice["endpoints"] ?? []) as Json, content.endpoints) &&
    equalJson((slice["ports"] ?? []) as Json, content.ports)
  );
}

function newSlice(service: Service, content: Content): Manifest {
  const { name, namespace = "", labels } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name.slice(0, 200)}-`,
      namespace,
      labels: {
        ...labels,
        "endpointslice.kubernetes.io/managed-by": sliceManager,
        "kubernetes.io/service-name": name,
        ...(service.spec.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {}),
      },
      ownerReferences: [{ ...controllerReference(service), apiVersion: "v1", kind: "Service" }],
    },
    ...content,
  };
}

function subsetOf(service: Service, { ports, pods }: Group): JsonObject[] {
  // Pods that have none of the Service's ports are no endpoints of it; a headless Service may have no ports at all.
  const isWithoutPorts = ports.length === 0 && (service.spec.ports ?? []).length > 0;
  if (pods.length === 0 || isWithoutPorts) return [];
  const publishes = service.spec.publishNotReadyAddresses === true;
  const addressOf = (pod: Pod): JsonObject => ({
    ...hostnameOf(service, pod),
    ip: pod.status?.podIP ?? "",
    nodeName: pod.spec.nodeName ?? "",
    targetRef: targetOf(pod),
  });
  const ready = pods.filter((pod) => publishes || isReady(pod)).map(addressOf);
  const waiting = pods.filter((pod) => !publishes && !isReady(pod)).map(addressOf);
  const named = ports.map(({ name, ...port }) => (name === "" ? port : { name: name ?? "", ...port }));
  return [
    {
      ...(ready.length === 0 ? {} : { addresses: ready }),
      ...(waiting.length === 0 ? {} : { notReadyAddresses: waiting }),
      ...(named.length === 0 ? {} : { ports: named }),
    },
  ];
}
