// A few simulated nodes, labelled so. Their Leases are written when the process starts and not renewed: idle means idle.

import { type Clock, formatMicroTime, formatTime, type Manifest } from "#kernel";
import { nodeCount } from "./limits.ts";
import type { Node } from "./types.ts";
import { kubelet, type World } from "./world.ts";

/** A day: nobody renews it, and nobody should take a live process for dead. */
const leaseSeconds = 86_400;

/** Creates what is missing, and says of every simulated node that it is ready. */
export async function startNodes(world: World): Promise<void> {
  for (let index = 0; index < nodeCount; index++) {
    const node = simulatedNode(index, world.clock);
    const held = world.nodes.get("", node.metadata.name) ?? (await world.nodes.create(node, kubelet));
    if (held !== undefined) await writeLease(world, await makeReady(world, held, index));
  }
}

async function makeReady(world: World, node: Node, index: number): Promise<Node> {
  const info = node.status?.["nodeInfo"] as { containerRuntimeVersion?: string } | undefined;
  if (info?.containerRuntimeVersion === runtimeVersion) return node;
  const status = { ...node.status, ...nodeStatus(index, world.clock) };
  const ready = await world.nodes.updateStatus(node, status, kubelet);
  // The server taints a new node until its controller has seen it ready.
  const taints = (ready.spec?.taints ?? []).filter(({ key }) => key !== "node.kubernetes.io/not-ready");
  if (taints.length === (ready.spec?.taints ?? []).length) return ready;
  return world.nodes.mergePatch(ready, { spec: { taints: taints.length === 0 ? null : taints } }, kubelet);
}

const runtimeVersion = "simulated://keelson";

function simulatedNode(index: number, clock: Clock): Node {
  const name = `simulated-${index + 1}`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "node-role.kubernetes.io/worker": "",
        "topology.kubernetes.io/region": "simulated",
        "topology.kubernetes.io/zone": `simulated-${"abc"[index % 3] ?? "a"}`,
        "keelson.dev/simulated": "true",
      },
      annotations: { "keelson.dev/simulated-since": formatTime(clock.now()) },
    },
    spec: {
      podCIDR: `10.${244 + index}.0.0/16`,
      podCIDRs: [`10.${244 + index}.0.0/16`],
      providerID: `simulated://${name}`,
    } as never,
  };
}

function nodeStatus(index: number, clock: Clock): Record<string, unknown> {
  const room = { cpu: "64", memory: "256Gi", "ephemeral-storage": "1Ti", pods: "10000" };
  const time = formatTime(clock.now());
  const condition = (type: string, status: string, reason: string, message: string): unknown => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  });
  return {
    addresses: [
      { type: "InternalIP", address: `192.168.64.${index + 11}` },
      { type: "Hostname", address: `simulated-${index + 1}` },
    ],
    capacity: room,
    allocatable: room,
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "simulated node"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "simulated node"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "simulated node"),
      condition("Ready", "True", "KubeletReady", "simulated node: images are not run"),
    ],
    nodeInfo: {
      architecture: "amd64",
      bootID: `simulated-${index + 1}`,
      containerRuntimeVersion: runtimeVersion,
      kernelVersion: "simulated",
      kubeProxyVersion: "",
      kubeletVersion: "v1.36.3",
      machineID: `simulated-${index + 1}`,
      operatingSystem: "linux",
      osImage: "Keelson (simulated)",
      systemUUID: `simulated-${index + 1}`,
    },
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  };
}

async function writeLease(world: World, node: Node): Promise<void> {
  const discovered = await world.cluster.discover();
  const resource = discovered.ok ? discovered.value.byKind("coordination.k8s.io", "Lease") : undefined;
  if (resource === undefined) return;
  const { name, uid = "" } = node.metadata;
  const lease: Manifest = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: "kube-node-lease", ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] },
    spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: formatMicroTime(world.clock.now()) },
  };
  const target = { resource, namespace: "kube-node-lease", name };
  await world.cluster.apply(target, lease, { fieldManager: kubelet, isForced: true });
}
