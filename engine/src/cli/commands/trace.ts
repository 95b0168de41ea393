// `keelson trace KIND NAME`: which delivery put an object there, from which source and revision. Flux's own form.

import { helmGroup, kustomizeGroup, sourceGroup } from "#api/flux";
import type { Cluster, Discovery, Resource } from "#cluster";
import { type Manifest, splitApiVersion } from "#kernel";
import { discover, resourceOf, valueIfFound, valueOf } from "../answers.ts";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { conditionOf, fieldOf, textOf } from "../flux-objects.ts";
import { oneLine } from "../table.ts";
import { targetFlags, withTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export const command: Command = defineCommand({
  arguments: "KIND NAME | KIND/NAME",
  arity: [1, 2],
  about: "Traces an object back to the delivery, the source and the revision it comes from.",
  examples: ["keelson trace deployment web -n shop-production", "keelson trace pod/web-7d9f-x2x -n shop-production"],
  flags: { ...targetFlags, kind: { takes: "KIND", about: "kind of the object", isHidden: true } },
  async run({ args, flags, io, ports }) {
    const [word, name] = args.length === 2 ? [args[0] ?? "", args[1] ?? ""] : (args[0] ?? "").split("/");
    if (word === undefined || name === undefined || name === "")
      throw usage("trace what?", "keelson trace KIND NAME -n NAMESPACE");
    return await withTarget(flags, { io, ports }, async ({ cluster, namespace }) => {
      const discovery = await discover(cluster);
      const resource = findResource(discovery, word);
      const object = valueOf(
        await cluster.get(targetOf(resource, namespace, name)),
        `reading ${resource.kind} ${name}`,
      );
      const chain = await trace({ cluster, discovery }, object);
      io.stdout.write(chain.map(formatPart).join("---\n"));
      return chain.length > 1 ? 0 : 1;
    });
  },
});

function findResource(discovery: Discovery, word: string): Resource {
  const [name = "", ...group] = word.toLowerCase().split(".");
  const found = discovery.resources.find(
    (resource) =>
      (group.length === 0 || resource.group === group.join(".")) &&
      [resource.plural, resource.singular, resource.kind.toLowerCase(), ...resource.shortNames].includes(name),
  );
  if (found === undefined) throw usage(`the server has no kind ${JSON.stringify(word)}`);
  return discovery.byKind(found.group, found.kind) ?? found;
}

type Part = [string, string][];
type Tracer = { cluster: Cluster; discovery: Discovery };

async function trace(tracer: Tracer, object: Manifest): Promise<Part[]> {
  const owned = await climb(tracer, object);
  const head: Part = [
    ["Object", `${object.kind}/${object.metadata.name}`],
    ["Namespace", object.metadata.namespace ?? ""],
  ];
  const delivery = await deliveryOf(tracer, owned);
  if (delivery === undefined) return [[...head, ["Status", "Not managed by a delivery"]]];
  head.push(["Status", "Managed by Flux"]);
  const chain = [head, describeDelivery(delivery)];
  const source = await sourceOf(tracer, delivery);
  if (source !== undefined) chain.push(describeSource(source));
  return chain;
}

/** Up the controlling owners until an object carries a delivery's labels, or has no owner. */
async function climb(tracer: Tracer, object: Manifest, depth = 0): Promise<Manifest> {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (hasMarks(object) || owner === undefined || depth > 8) return object;
  const { group, version } = splitApiVersion(owner.apiVersion);
  const resource = tracer.discovery.byKind(group, owner.kind, version);
  if (resource === undefined) return object;
  const target = targetOf(resource, object.metadata.namespace ?? "", owner.name);
  const next = valueIfFound(await tracer.cluster.get(target), `reading ${owner.kind} ${owner.name}`);
  return next === undefined ? object : climb(tracer, next, depth + 1);
}

function hasMarks(object: Manifest): boolean {
  return marksOf(object) !== undefined;
}

function marksOf(object: Manifest): { group: string; kind: string; name: string; namespace: string } | undefined {
  for (const [group, kind] of [
    [kustomizeGroup, "Kustomization"],
    [helmGroup, "HelmRelease"],
  ] as const) {
    const name = object.metadata.labels?.[`${group}/name`];
    const namespace = object.metadata.labels?.[`${group}/namespace`];
    if (name !== undefined && namespace !== undefined) return { group, kind, name, namespace };
  }
  return undefined;
}

async function deliveryOf(tracer: Tracer, object: Manifest): Promise<Manifest | undefined> {
  const marks = marksOf(object);
  if (marks === undefined) return undefined;
  const target = targetOf(resourceOf(tracer.discovery, marks), marks.namespace, marks.name);
  return valueIfFound(await tracer.cluster.get(target), `reading ${marks.kind} ${marks.name}`);
}

async function sourceOf(tracer: Tracer, delivery: Manifest): Promise<Manifest | undefined> {
  const at = ["sourceRef", "chartRef"].find((field) => fieldOf(delivery, "spec", field) !== undefined);
  const path = at === undefined ? ["spec", "chart", "spec", "sourceRef"] : ["spec", at];
  const kind = textOf(delivery, ...path, "kind");
  const resource = tracer.discovery.byKind(sourceGroup, kind);
  if (resource === undefined) return undefined;
  const namespace = textOf(delivery, ...path, "namespace") || (delivery.metadata.namespace ?? "");
  const target = targetOf(resource, namespace, textOf(delivery, ...path, "name"));
  return valueIfFound(await tracer.cluster.get(target), `reading ${kind} ${target.name}`);
}

function describeDelivery(delivery: Manifest): Part {
  const revision =
    textOf(delivery, "status", "lastAppliedRevision") || textOf(delivery, "status", "lastAttemptedRevision");
  return [
    [delivery.kind, delivery.metadata.name],
    ["Namespace", delivery.metadata.namespace ?? ""],
    ...optional("Target", textOf(delivery, "spec", "targetNamespace")),
    ...optional("Path", textOf(delivery, "spec", "path")),
    ...optional("Revision", revision),
    ...describeReady(delivery),
  ];
}

function describeSource(source: Manifest): Part {
  const artifact = (name: string): string => textOf(source, "status", "artifact", "metadata", name);
  return [
    [source.kind, source.metadata.name],
    ["Namespace", source.metadata.namespace ?? ""],
    ...optional("URL", textOf(source, "spec", "url")),
    ...["branch", "tag", "semver", "commit", "name"].flatMap((ref) =>
      optional(`${ref.slice(0, 1).toUpperCase()}${ref.slice(1)}`, textOf(source, "spec", "ref", ref)),
    ),
    ...optional("Revision", textOf(source, "status", "artifact", "revision")),
    ...optional("Origin Revision", artifact("org.opencontainers.image.revision")),
    ...optional("Origin Source", artifact("org.opencontainers.image.source")),
    ...describeReady(source),
  ];
}

function describeReady(object: Manifest): Part {
  const ready = conditionOf(object, "Ready");
  if (ready === undefined) return [["Status", "Unknown"]];
  const verb = ready.status === "True" ? "Last reconciled at" : "Last reconciliation failed at";
  return [
    ["Status", `${verb} ${formatMoment(ready.lastTransitionTime)}`],
    ["Message", ready.message],
  ];
}

/** `2026-01-02T03:04:05Z` as Flux prints it. */
function formatMoment(time: string): string {
  return time.replace("T", " ").replace("Z", " +0000 UTC");
}

function optional(name: string, value: string): Part {
  return value === "" ? [] : [[name, value]];
}

function formatPart(part: Part): string {
  return part.map(([name, value]) => `${`${name}:`.padEnd(16)} ${oneLine(value)}\n`).join("");
}
