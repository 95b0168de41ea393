// What a running server tells of itself as objects: the Service by which pods reach it, with its addresses and the network that they are
// of, and an APIService for each group and version that is served.

import type { Manifest } from "#kernel";
import { editObject, type Registry, type ResourceTable, serverCall } from "#apiserver/registry";
import { ensure } from "./bootstrap.ts";
import { publishAfterMs } from "./limits.ts";

const serviceAddress = "10.96.0.1";
const serviceNetwork = "10.96.0.0/16";

/** The network of the addresses of Services, and the one that is given away from the start. */
async function publishNetwork(registry: Registry): Promise<void> {
  const network: Manifest = {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: "kubernetes" },
    spec: { cidrs: [serviceNetwork] },
  };
  const labels = {
    "ipaddress.kubernetes.io/ip-family": "IPv4",
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
  };
  await ensure(registry, network);
  await ensure(registry, {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: { name: serviceAddress, labels },
    spec: { parentRef: { resource: "services", namespace: "default", name: "kubernetes" } },
  });
  const served = registry.table.find("networking.k8s.io", "v1", "servicecidrs");
  if (served === undefined) return;
  const fieldManager = "kubernetes-service-cidr-controller";
  const lastTransitionTime = registry.now();
  const message = "Kubernetes default Service CIDR is ready";
  const call = serverCall({ served, name: "kubernetes", subresource: "status", fieldManager });
  await editObject(registry, call, (draft) => {
    const { conditions } = (draft.status ?? {}) as { conditions?: unknown };
    draft.status = {
      conditions: conditions ?? [{ type: "Ready", status: "True", lastTransitionTime, reason: "", message }],
    };
  });
}

/** The Service `default/kubernetes` and where it leads; the port follows where the server listens now. */
export async function publishService(registry: Registry, host: string, port: number): Promise<void> {
  const metadata = {
    name: "kubernetes",
    namespace: "default",
    labels: { component: "apiserver", provider: "kubernetes" },
  };
  await ensure(registry, {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      clusterIP: serviceAddress,
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: port }],
    },
  });
  const labels = { "kubernetes.io/service-name": "kubernetes" };
  const address = host === "localhost" || host.includes(":") ? "127.0.0.1" : host;
  const slice: Manifest = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "kubernetes", namespace: "default", labels },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "https", protocol: "TCP", port }],
  };
  await publishNetwork(registry);
  if (!address.startsWith("127.")) await publishEndpoints(registry, address, port);
  await ensure(registry, slice);
  await keep(registry, slice, "discovery.k8s.io", "endpointslices", (draft) => {
    draft.endpoints = slice.endpoints;
    draft.ports = slice.ports;
  });
  await keep(registry, { ...slice, metadata }, "", "services", (draft) => {
    const spec = draft.spec as { ports?: { targetPort?: number }[] };
    for (const one of spec.ports ?? []) one.targetPort = port;
  });
}

/** Where the Service leads in the older form, which has no place for addresses of a machine to itself. */
async function publishEndpoints(registry: Registry, address: string, port: number): Promise<void> {
  const labels = { "endpointslice.kubernetes.io/skip-mirror": "true" };
  const subsets = [{ addresses: [{ ip: address }], ports: [{ name: "https", port, protocol: "TCP" }] }];
  const metadata = { name: "kubernetes", namespace: "default", labels };
  const endpoints: Manifest = { apiVersion: "v1", kind: "Endpoints", metadata, subsets };
  await ensure(registry, endpoints);
  await keep(registry, endpoints, "", "endpoints", (draft) => {
    draft.subsets = subsets;
  });
}

// oxlint-disable-next-line max-params -- which object, and what of it is kept as it should be
async function keep(
  registry: Registry,
  { metadata }: Manifest,
  group: string,
  plural: string,
  edit: (draft: Manifest) => void,
): Promise<void> {
  const served = registry.table.values().find(({ resource }) => resource.group === group && resource.plural === plural);
  if (served === undefined) return;
  const { name, namespace = "" } = metadata;
  await editObject(registry, serverCall({ served, namespace, name }), edit);
}

/** Order of groups in discovery: what the real server gives those that clients look at first; all others come after. */
const priorities: Readonly<Record<string, readonly [number, number]>> = {
  "": [18_000, 1],
  apps: [17_800, 15],
  "events.k8s.io": [17_750, 15],
  "authentication.k8s.io": [17_700, 15],
  "authorization.k8s.io": [17_600, 15],
  autoscaling: [17_500, 15],
  batch: [17_400, 15],
  "certificates.k8s.io": [17_300, 15],
  "networking.k8s.io": [17_200, 15],
  policy: [17_100, 15],
  "rbac.authorization.k8s.io": [17_000, 15],
  "storage.k8s.io": [16_800, 15],
  "apiextensions.k8s.io": [16_700, 15],
  "admissionregistration.k8s.io": [16_700, 15],
  "scheduling.k8s.io": [16_600, 15],
  "coordination.k8s.io": [16_500, 15],
  "node.k8s.io": [16_300, 15],
  "discovery.k8s.io": [16_200, 15],
  "flowcontrol.apiserver.k8s.io": [16_100, 21],
  "resource.k8s.io": [16_200, 21],
};
const customPriority: readonly [number, number] = [1000, 100];

/** The APIServices of everything that is served and has none yet; those of groups that are gone go too. */
export async function publishServices(registry: Registry): Promise<void> {
  const versions = versionsOf(registry.table);
  await Promise.all(versions.map((one) => publishVersion(registry, one)));
  const served = registry.table.find("apiregistration.k8s.io", "v1", "apiservices");
  if (served === undefined) return;
  const known = new Set(versions.map(({ group, version }) => `${version}.${group}`));
  const gone = [...registry.collection(served.storage).range("apiregistration.k8s.io/apiservices/")].filter(
    ({ object }) => object.metadata.labels?.[managedLabel] === "true" && !known.has(object.metadata.name),
  );
  await Promise.all(gone.map(({ key, revision }) => registry.store.delete(key, revision)));
}

const managedLabel = "kube-aggregator.kubernetes.io/automanaged";

type Version = { group: string; version: string; isCustom: boolean };

function publishVersion(registry: Registry, { group, version, isCustom }: Version): Promise<void> {
  const [groupPriorityMinimum, ofGroup] = priorities[group] ?? customPriority;
  const versionPriority = group === "autoscaling" && version === "v2" ? 30 : ofGroup;
  return ensure(registry, {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      labels: { [managedLabel]: isCustom ? "true" : "onstart" },
    },
    spec: { ...(group === "" ? {} : { group }), version, groupPriorityMinimum, versionPriority },
  });
}

/** Keeps them so as definitions come and go. */
export function followDefinitions(registry: Registry, failed: (error: unknown) => void): () => void {
  const served = registry.table.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  if (served === undefined) return () => undefined;
  let cancel: (() => void) | undefined;
  let isClosed = false;
  const publish = (): void => {
    cancel = undefined;
    publishServices(registry).catch((error: unknown) => {
      if (!isClosed) failed(error);
    });
  };
  const { stop } = registry.collection(served.storage).watch(registry.store.revision, () => {
    cancel ??= registry.clock.after(publishAfterMs, publish);
  });
  return () => {
    isClosed = true;
    cancel?.();
    stop();
  };
}

function versionsOf(table: ResourceTable): Version[] {
  const found = new Map<string, Version>();
  for (const { resource, custom } of table.values())
    if (resource.group !== "apiregistration.k8s.io")
      found.set(`${resource.version}.${resource.group}`, { ...resource, isCustom: custom !== undefined });
  return [...found.values()];
}
