// `keelson tree kustomization|helmrelease NAME`: what a delivery delivers, and what those deliver, each with its health.

import { helmGroup, kustomizeGroup } from "#api/flux";
import type { Cluster, Discovery } from "#cluster";
import { assess } from "#health";
import { formatRef, type Json, type JsonObject, type Manifest } from "#kernel";
import { discover, resourceOf, valueIfFound, valueOf } from "../answers.ts";
import { type Command, defineCommand } from "../command.ts";
import { type InventoryItem, inventoryOf } from "../flux-objects.ts";
import { inBatches } from "../batches.ts";
import type { Io, Style } from "../io.ts";
import { chooseDelivery, deliveryWords } from "../kinds.ts";
import { treeDepthMax } from "../limits.ts";
import { prettyJson } from "../print-objects.ts";
import { formatYaml } from "#formats/yaml";
import { oneLine } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "kustomization|helmrelease NAME",
  arity: [2, 2],
  about: "Shows all objects of a delivery as a tree, with their health.",
  examples: ["keelson tree kustomization flux-system", "keelson tree ks apps --compact -o json"],
  words: deliveryWords,
  flags: {
    ...targetFlags,
    compact: { about: "only deliveries, not what they hold" },
    output: { short: "o", takes: "FORMAT", about: "print as", choices: ["json", "yaml"] },
  },
  async run({ args, flags, io, ports }) {
    const { kind, name } = chooseDelivery(args, "tree");
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const grower: Grower = {
        cluster,
        discovery: await discover(cluster),
        isCompact: flags.compact,
        now: io.clock.now(),
      };
      const target = targetOf(resourceOf(grower.discovery, kind), namespace, name);
      const root = valueOf(await cluster.get(target), `reading ${kind.kind} ${name}`);
      const node = await grow(grower, root, 0);
      if (flags.output === "json") io.stdout.write(`${prettyJson(plain(node))}\n`);
      else if (flags.output === "yaml") io.stdout.write(formatYaml(plain(node)));
      else io.stdout.write(draw(node, io).join(""));
      return 0;
    });
  },
});

type Node = { item: InventoryItem; health: string; message: string; children: Node[] };
type Grower = { cluster: Cluster; discovery: Discovery; isCompact: boolean; now: number };

async function grow(grower: Grower, owner: Manifest, depth: number): Promise<Node> {
  const items = inventoryOf(owner).filter((item) => !grower.isCompact || isDelivery(item));
  const children = await inBatches(items, (item) => growItem(grower, item, depth));
  return { ...nodeOf(itemOf(owner), owner, grower.now), children };
}

async function growItem(grower: Grower, item: InventoryItem, depth: number): Promise<Node> {
  const resource =
    grower.discovery.byKind(item.group, item.kind, item.version) ?? grower.discovery.byKind(item.group, item.kind);
  const live =
    resource === undefined
      ? undefined
      : valueIfFound(
          await grower.cluster.get(targetOf(resource, item.namespace, item.name)),
          `reading ${formatRef(item)}`,
        );
  if (live !== undefined && isDelivery(item) && depth < treeDepthMax) return await grow(grower, live, depth + 1);
  return nodeOf(item, live, grower.now);
}

function nodeOf(item: InventoryItem, live: Manifest | undefined, now: number): Node {
  const { status, message } = assess(live, { now });
  return { item, health: status, message, children: [] };
}

function itemOf(object: Manifest): InventoryItem {
  const [group = "", version = ""] = object.apiVersion.split("/");
  return { group, version, kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

function isDelivery({ group, kind }: InventoryItem): boolean {
  return (group === kustomizeGroup && kind === "Kustomization") || (group === helmGroup && kind === "HelmRelease");
}

function plain(node: Node): Json {
  const { group, kind, namespace, name } = node.item;
  const resource: JsonObject = { GroupKind: { Group: group, Kind: kind }, Name: name, Namespace: namespace };
  return {
    resource,
    health: node.health,
    ...(node.children.length === 0 ? {} : { resources: node.children.map(plain) }),
  };
}

const styles: Readonly<Record<string, Style>> = {
  healthy: "green",
  progressing: "yellow",
  degraded: "red",
  missing: "red",
};

function draw(node: Node, io: Io, indent = "", branch = ""): string[] {
  const style = styles[node.health] ?? "dim";
  const message = node.health === "healthy" || node.message === "" ? "" : `: ${oneLine(node.message)}`;
  const line = `${indent}${branch}${formatRef(node.item)} ${io.stdout.style(style, `${node.health}${message}`)}\n`;
  const below = branch === "" ? indent : `${indent}${branch === "└── " ? "    " : "│   "}`;
  const children = node.children.flatMap((child, index) =>
    draw(child, io, below, index === node.children.length - 1 ? "└── " : "├── "),
  );
  return [line, ...children];
}
