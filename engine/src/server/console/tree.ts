// The resource graph of a delivery: what it states, what has grown from that, and what refers to what. Built for a page once,
// then told node by node.

import { type Health, type Link, linkKey, type ObjectLink, type Tree, type TreeNode } from "#api/console";
import { helmGroup, kustomizeGroup } from "#api/flux";
import type { ObjectSnapshot } from "#delivery";
import { type Clock, formatRef } from "#kernel";
import type { InventoryItem } from "./cards.ts";
import type { Fleet } from "./fleet.ts";
import { nodesMost } from "./limits.ts";
import { idOf, type ObjectEntry } from "./object-entries.ts";
import { noteTemplates } from "./release-origin.ts";
import type { Rights, Wish } from "./rights.ts";
import type { Viewer } from "./viewer.ts";

export type TreeWorld = { fleet: Fleet; rights: Rights; clock: Clock; isSimulated: boolean };

/** Kinds whose doings are played where workloads are simulated. */
const simulatedKinds: ReadonlySet<string> = new Set(
  "Pod Deployment ReplicaSet StatefulSet DaemonSet Job CronJob PersistentVolume PersistentVolumeClaim Node EndpointSlice".split(
    " ",
  ),
);

/** True for what only goes through its phases. */
export function isSimulatedKind(
  world: Pick<TreeWorld, "isSimulated">,
  { kind, group }: { kind: string; group: string },
): boolean {
  return world.isSimulated && simulatedKinds.has(kind) && !group.includes(".toolkit.");
}

/** The graph as a viewer may see it. */
export async function readTree(world: TreeWorld, link: Link, viewer: Viewer): Promise<Tree> {
  const { fleet } = world;
  const key = linkKey(link);
  const close = fleet.open(key).close;
  try {
    await Promise.all([fleet.grown.synced(), fleet.index.synced(), findLines(fleet, key)]);
    const root = rootNode(world, link);
    const all = [...statedNodes(world, key), ...grownNodes(world, key)];
    const shown = await readableNodes(world, viewer, all.slice(0, nodesMost));
    const hidden = Math.min(all.length, nodesMost) - shown.length;
    const limits = [
      ...(hidden > 0 ? [`${hidden} objects are not shown: you may not read them`] : []),
      ...(all.length > nodesMost ? [`only ${nodesMost} of ${all.length} objects are shown`] : []),
      ...(fleet.card(key)?.cluster === ""
        ? []
        : ["what grew from these objects is in another cluster, and not watched"]),
    ];
    return { nodes: [...(root === undefined ? [] : [root]), ...shown], unlisted: all.length - shown.length, limits };
  } finally {
    close();
  }
}

/** Where each of its objects is stated. */
function findLines(fleet: Fleet, key: string): Promise<void> {
  const isRelease = key.startsWith("HelmRelease/") && fleet.releases !== undefined;
  return isRelease ? noteTemplates(fleet, key, fleet.releases) : fleet.places.find(key, fleet.inventory(key));
}

/** One node by its id, as it stands now; undefined: it is gone. */
export function lookupNode(world: TreeWorld, key: string, id: string): TreeNode | undefined {
  const { fleet } = world;
  const stated = fleet.index.get(id);
  if (stated?.owner === key) return nodeOf(world, key, stated);
  const grown = fleet.grown.get(id);
  if (grown !== undefined) return nodeOf(world, key, grown);
  // What the delivery holds, but is not there.
  return statedNodes(world, key).find((node) => node.id === id);
}

/** Nodes of objects that the viewer may read. */
export async function readableNodes<T extends ObjectLink & { id: string }>(
  { fleet, rights }: Pick<TreeWorld, "fleet" | "rights">,
  viewer: Viewer,
  nodes: readonly T[],
): Promise<T[]> {
  const discovery = await fleet.discovery();
  const wishOf = ({ id, group, kind, namespace }: T): Wish => {
    const entry = fleet.index.get(id) ?? fleet.grown.get(id);
    const plural = entry?.plural ?? discovery?.byKind(group, kind)?.plural ?? kind.toLowerCase();
    return { verb: "get", group, plural, namespace };
  };
  // Rights in another cluster are that cluster's: names are shown to who may read the delivery, contents are asked for there.
  const [here, elsewhere] = [nodes.filter(isHere), nodes.filter((node) => !isHere(node))];
  return [...(await rights.sieve(viewer, here, wishOf)), ...elsewhere];
}

function isHere({ cluster = "" }: ObjectLink): boolean {
  return cluster === "";
}

function rootNode({ fleet }: TreeWorld, link: Link): TreeNode | undefined {
  const key = linkKey(link);
  const card = fleet.card(key);
  if (card === undefined) return undefined;
  const health: Health = card.isSuspended
    ? "suspended"
    : card.ready === "True"
      ? "healthy"
      : card.ready === "False"
        ? "degraded"
        : "progressing";
  return {
    ...link,
    group: link.kind === "HelmRelease" ? helmGroup : kustomizeGroup,
    id: key,
    parent: null,
    refers: [],
    version: "",
    health,
    message: card.message,
    isStated: true,
    isDrifted: card.drift.length > 0,
    isSimulated: false,
    createdMs: card.createdMs,
    info: card.revision,
    images: [],
  };
}

function statedNodes(world: TreeWorld, key: string): TreeNode[] {
  const { fleet } = world;
  const cluster = fleet.card(key)?.cluster ?? "";
  const entries = new Map(fleet.index.ofOwner(key).map((entry) => [entry.id, nodeOf(world, key, entry)]));
  const known = cluster === "" ? new Map<string, ObjectSnapshot>() : healthsOf(world, key);
  for (const item of fleet.inventory(key)) {
    const { version: _version, ...link } = item;
    const id = idOf(cluster === "" ? link : { ...link, cluster });
    if (!entries.has(id)) entries.set(id, absentNode(world, { key, item, cluster, known }));
  }
  return [...entries.values()];
}

function healthsOf({ fleet }: TreeWorld, key: string): Map<string, ObjectSnapshot> {
  const snapshot = fleet.snapshot(key);
  const objects = snapshot === undefined ? [] : (fleet.engine?.objects(snapshot.key) ?? []);
  return new Map(objects.map((object) => [`${object.ref.group}/${formatRef(object.ref)}`, object]));
}

type Absent = {
  key: string;
  item: InventoryItem;
  cluster: string;
  known: ReadonlyMap<string, ObjectSnapshot>;
};

/** What is in the inventory, but not among what is watched: gone, or in another cluster. */
function absentNode({ fleet }: TreeWorld, { key, item, cluster, known }: Absent): TreeNode {
  const { version, ...link } = item;
  const place: ObjectLink = cluster === "" ? link : { ...link, cluster };
  const health = known.get(`${link.group}/${formatRef(link)}`)?.health;
  return {
    ...place,
    id: idOf(place),
    parent: key,
    refers: [],
    version,
    health: cluster === "" ? "missing" : (health?.status ?? "unknown"),
    message:
      cluster === "" ? "is not in the cluster" : (health?.message ?? "the engine in this process does not watch it"),
    isStated: true,
    isDrifted: isDrifted(fleet, key, link),
    isSimulated: false,
    createdMs: 0,
    info: "",
    images: [],
    ...placed(fleet, key, link),
  };
}

/** The line in Git, as far as it was looked for. */
function placed(fleet: Fleet, key: string, link: ObjectLink): Pick<TreeNode, "statedAt"> {
  const statedAt = fleet.places.line(key, link);
  return statedAt === undefined ? {} : { statedAt };
}

function grownNodes(world: TreeWorld, key: string): TreeNode[] {
  const { fleet } = world;
  const stated = new Set(fleet.index.ofOwner(key).map((entry) => entry.id));
  return fleet.index
    .ofOwner(key)
    .flatMap((entry) => fleet.grown.below(entry.uid))
    .filter((entry) => !stated.has(entry.id))
    .map((entry) => nodeOf(world, key, entry));
}

function nodeOf(world: TreeWorld, key: string, entry: ObjectEntry): TreeNode {
  const { fleet } = world;
  const { id, link, version, refers, health, message, createdMs, info, images, owner, parentUid } = entry;
  // What has grown may bear the same marks.
  const isStated = owner === key && fleet.index.get(id) !== undefined;
  const parent = parentUid === "" ? undefined : (fleet.index.byUid(parentUid) ?? fleet.grown.byUid(parentUid));
  return {
    ...link,
    id,
    parent: parent?.id ?? key,
    refers,
    version,
    health,
    message,
    isStated,
    isDrifted: isDrifted(fleet, key, link),
    isSimulated: isSimulatedKind(world, link),
    createdMs,
    info,
    images,
    ...(isStated ? placed(fleet, key, link) : {}),
  };
}

function isDrifted(fleet: Fleet, key: string, link: Link): boolean {
  return (
    fleet
      .card(key)
      ?.drift.some(
        ({ object }) => object.kind === link.kind && object.namespace === link.namespace && object.name === link.name,
      ) ?? false
  );
}
