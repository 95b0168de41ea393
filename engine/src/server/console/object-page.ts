// The page of one object: live as the viewer reads it, desired as the delivery states it, applied as managedFields tell it.

import { type ChainItem, type Link, linkKey, type ObjectLink, type ObjectPage, parseLinkKey } from "#api/console";
import type { Cluster, Target } from "#cluster";
import { formatYaml } from "#formats/yaml";
import { assess } from "#health";
import { asJson, type Clock, type Manifest, shortRevision, splitApiVersion } from "#kernel";
import { wordsOf } from "./cards.ts";
import { eventsOf } from "./delivery-page.ts";
import type { Fleet } from "./fleet.ts";
import type { PageWorld } from "./page-world.ts";
import { ownersMost } from "./limits.ts";
import { maskedObject } from "./masks.ts";
import { idOf, ownerKeyOf } from "./object-entries.ts";
import { withLine } from "./origin.ts";
import { appliedBy, fieldOwners, type Stated } from "./owned-fields.ts";
import { fieldDiff } from "./plan-view.ts";
import { Refused, refusedBy } from "./refusals.ts";
import type { Renderings } from "./renderings.ts";
import { shownKind, wishFor } from "./shown-kinds.ts";
import type { Statement } from "./statement.ts";
import { readStatement } from "./statements.ts";
import { isSimulatedKind } from "./tree.ts";
import { clusterOf, type Viewer } from "./viewer.ts";

export type ObjectWorld = PageWorld & { clock: Clock; isSimulated: boolean; renderings: Renderings };

type Subject = { link: ObjectLink; viewer: Viewer; cluster: Cluster; target: Target };

/** Everything about one object. Throws Refused when the viewer may not read it. */
export async function readObject(world: ObjectWorld, link: ObjectLink, viewer: Viewer): Promise<ObjectPage> {
  const { fleet, clock } = world;
  const cluster = clusterIn(world, link, viewer);
  const target = await targetOf(cluster, link);
  const subject: Subject = { link, viewer, cluster, target };
  const found = await cluster.get(target);
  if (!found.ok && found.status.code !== 404) throw refusedBy(found.status, `reading ${linkKey(link)}`);
  const live = found.ok ? found.value : undefined;
  if (live === undefined) await requireRight(world, subject);
  const climb = live === undefined ? undefined : await climbOwners(fleet, cluster, live);
  const owner = climb?.owner || ownerByIndex(world, link);
  const statement = await readStatement(world, { link, target, owner, viewer });
  const { mask, changes, field } = statement;
  const events = await eventsOf(fleet, cluster, link);
  const health = assess(live, { now: clock.now() });
  const delivery = parseLinkKey(owner);
  return {
    object: link,
    version: target.resource.version,
    isThere: live !== undefined,
    health: health.status,
    message: mask(wordsOf(health.message)),
    isSimulated: isSimulatedKind(world, link),
    ...(await contentOf(live, statement)),
    diff: changes.map((change) => withLine(fieldDiff(change, mask), field)),
    chain: [...(climb?.chain ?? []), ...(await deliveryChain(world, owner, viewer))],
    ...(delivery === undefined ? {} : { delivery }),
    events: events.list.map((event) => ({ ...event, message: mask(event.message) })),
    limits: events.limit === "" ? [] : [events.limit],
  };
}

type Content = Pick<ObjectPage, "live" | "desired" | "applied" | "missing" | "from" | "owners" | "origin">;

/** The three texts, whose each field is, and where Git states it. */
async function contentOf(live: Manifest | undefined, statement: Statement): Promise<Content> {
  const { desired, why, manager, mask, from } = statement;
  const shown = live === undefined ? undefined : maskedObject(live);
  const entries = live?.metadata.managedFields ?? [];
  const recorded = statement.applied === undefined ? undefined : maskedObject(statement.applied);
  const applied = recorded ?? (shown === undefined ? undefined : appliedBy(shown, entries, manager));
  const stated: Stated = (steps, by) => (by === manager ? statement.field(steps) : undefined);
  const origin = await statement.origin();
  const owners = shown === undefined ? [] : fieldOwners(shown, entries, stated);
  return {
    live: yamlOf(shown, mask),
    desired: yamlOf(desired === undefined ? undefined : maskedObject(desired), mask),
    applied: yamlOf(applied, mask),
    missing: {
      ...(live === undefined ? { live: "it is not in the cluster" } : {}),
      ...(desired === undefined ? { desired: why } : {}),
      ...(applied === undefined ? { applied: whyNotApplied(live, manager) } : {}),
    },
    ...(from === undefined ? {} : { from }),
    owners: owners.map((one) => ({ ...one, value: mask(one.value) })),
    ...(origin === undefined ? {} : { origin }),
  };
}

function yamlOf(manifest: Manifest | undefined, mask: (text: string) => string): string {
  return manifest === undefined ? "" : mask(formatYaml(asJson(manifest)));
}

/** The cluster that an object is in, as the viewer sees it. */
export function clusterIn(world: PageWorld, link: ObjectLink, viewer: Viewer): Cluster {
  const { cluster: name = "" } = link;
  if (name === "") return clusterOf(world.cluster, viewer);
  const card = world.fleet.cards().find((each) => each.cluster === name);
  const found = card === undefined ? undefined : world.fleet.engine?.looking.clusterOf(card.key);
  if (found === undefined)
    throw new Refused(
      "not-ready",
      `the cluster ${name} is not connected`,
      "its deliveries say why: look at their conditions",
    );
  return clusterOf(found, viewer);
}

/** Where an object is asked for; throws Refused for a kind that is not served. */
export async function targetOf(cluster: Cluster, { group, kind, namespace, name }: ObjectLink): Promise<Target> {
  const discovery = await cluster.discover();
  if (!discovery.ok) throw refusedBy(discovery.status, "asking what the cluster serves");
  const resource = discovery.value.byKind(group, kind);
  if (resource === undefined)
    throw new Refused("absent", `the cluster serves no kind ${kind}${group === "" ? "" : `.${group}`}`);
  return { resource, namespace: resource.isNamespaced ? namespace : "", name };
}

/** That an object is not there is told only to who could read it. */
async function requireRight({ rights }: ObjectWorld, { link, viewer, target }: Subject): Promise<void> {
  const { group, plural } = target.resource;
  if (link.cluster !== undefined && link.cluster !== "") return;
  const verdict = await rights.may(viewer, { verb: "get", group, plural, namespace: target.namespace });
  if (!verdict.ok) throw new Refused("denied", verdict.reason);
}

function ownerByIndex({ fleet }: ObjectWorld, link: ObjectLink): string {
  const entry = fleet.index.get(idOf(link));
  if (entry !== undefined) return entry.owner;
  const holder = fleet
    .cards()
    .find(
      ({ key, cluster }) =>
        cluster === (link.cluster ?? "") &&
        fleet
          .inventory(key)
          .some((item) => item.kind === link.kind && item.group === link.group && linkKey(item) === linkKey(link)),
    );
  return holder?.key ?? "";
}

function whyNotApplied(live: Manifest | undefined, manager: string): string {
  if (live === undefined) return "it is not in the cluster";
  return manager === "" ? "no delivery applies it" : `nothing in it is recorded as applied by ${manager}`;
}

/** From the object up its controlling owners, and the delivery whose marks the topmost bears. */
async function climbOwners(
  fleet: Fleet,
  cluster: Cluster,
  object: Manifest,
): Promise<{ chain: ChainItem[]; owner: string }> {
  const chain: ChainItem[] = [itemOf(object, "object")];
  let current = object;
  for (let step = 0; step < ownersMost; step++) {
    const reference = current.metadata.ownerReferences?.find((each) => each.controller === true);
    // Controllers copy labels to what they make: marks alone do not say that a delivery states it.
    if (reference === undefined || isStated(fleet, current)) break;
    const { group } = splitApiVersion(reference.apiVersion);
    const link = { group, kind: reference.kind, namespace: current.metadata.namespace ?? "", name: reference.name };
    const target = await targetOf(cluster, link).catch(() => undefined);
    const found = target === undefined ? undefined : await cluster.get(target);
    if (found?.ok !== true) {
      chain.push({ ...link, what: "owner", words: "cannot be read" });
      break;
    }
    current = found.value;
    chain.push(itemOf(current, "owner"));
  }
  return { chain, owner: ownerKeyOf(current) };
}

function isStated(fleet: Fleet, object: Manifest): boolean {
  const { group } = splitApiVersion(object.apiVersion);
  const { namespace = "", name } = object.metadata;
  return fleet.isListed({ owner: ownerKeyOf(object), link: { group, kind: object.kind, namespace, name } });
}

function itemOf(object: Manifest, what: ChainItem["what"]): ChainItem {
  const { group } = splitApiVersion(object.apiVersion);
  const { namespace = "", name } = object.metadata;
  const words = what === "object" ? "" : "made it";
  return { group, kind: object.kind, namespace, name, what, words };
}

/** The delivery, its source, and the deliveries that state those, up to the root or to what the viewer may not read. */
async function deliveryChain({ fleet, rights }: ObjectWorld, owner: string, viewer: Viewer): Promise<ChainItem[]> {
  const chain: ChainItem[] = [];
  const seen = new Set<string>();
  for (let key = owner; key !== "" && !seen.has(key) && chain.length < ownersMost * 2; ) {
    seen.add(key);
    const link = parseLinkKey(key);
    if (link === undefined) break;
    const card = (await rights.may(viewer, wishFor(link))).ok ? fleet.card(key) : undefined;
    chain.push({ ...grouped(link), what: "delivery", words: card === undefined ? "cannot be read" : "states it" });
    if (card === undefined) break;
    if (card.source !== undefined)
      chain.push({ ...grouped(card.source), what: "source", words: `at ${shortRevision(card.revision)}` });
    key = ownerKeyOf({ metadata: { name: card.name, labels: { ...card.labels } } });
  }
  return chain;
}

function grouped(link: Link): ObjectLink {
  return { group: shownKind(link.kind)?.group ?? "", ...link };
}
