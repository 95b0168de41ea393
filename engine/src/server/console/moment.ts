// How things stood at a past moment, from what is kept: the revision that was last applied by then, what had drifted, and what
// Git stated at that revision. What cannot be known is said.

import { type Card, type DeliveryThen, type Moment, type ObjectThen } from "#api/console";
import { formatYaml } from "#formats/yaml";
import { asJson, faultFrom, formatFault, formatRef, type Manifest, refOf } from "#kernel";
import { wordsOf } from "./cards.ts";
import type { Remembered } from "./delivery-log.ts";
import { momentObjectsMost } from "./limits.ts";
import { maskedObject } from "./masks.ts";
import { idOf } from "./object-entries.ts";
import type { ObjectWorld } from "./object-page.ts";
import { type Past, readPast } from "./timeline.ts";
import { readableNodes, type TreeWorld } from "./tree.ts";
import type { Viewer } from "./viewer.ts";

const always = [
  "what ran is known from what was applied and from the drift that was seen: a change that nobody saw is not known",
  "manifests are built with the delivery's present settings",
];

/** Each delivery as it stood; of the one that is named, its objects too. */
export async function readMoment(
  world: ObjectWorld & TreeWorld,
  asked: { atMs: number; delivery: string },
  viewer: Viewer,
): Promise<Moment> {
  const past = await readPast(world, "", viewer);
  const deliveries = past.cards.map((card) => deliveryThen(past, card, asked.atMs));
  const limits = [...always, ...past.limits];
  const chosen = deliveries.find(({ key }) => key === asked.delivery);
  if (chosen === undefined) return { atMs: asked.atMs, deliveries, limits };
  const objects = await objectsThen(world, { chosen, limits, atMs: asked.atMs }, viewer);
  return { atMs: asked.atMs, deliveries, objects, limits };
}

function deliveryThen(past: Past, card: Card, atMs: number): DeliveryThen {
  const { key } = card;
  const log = past.logs.get(key);
  const none = { key, revision: "", drift: [] };
  if (card.createdMs > atMs) return { ...none, state: "absent", because: "it was made later" };
  const apply = log?.applies.find((entry) => Date.parse(entry.time) <= atMs);
  if (log === undefined || apply === undefined)
    return { ...none, state: "unknown", because: "nothing that is kept reaches back so far" };
  const revision = revisionThen(card, String(apply["revision"] ?? ""));
  const commit = past.commits.flatMap(({ list }) => list).find(({ id }) => id !== "" && revision.includes(id));
  const isGood = String(apply["result"]).endsWith("Succeeded");
  const { paths: _paths, ...facts } = commit ?? { paths: [], id: "" };
  return {
    key,
    revision,
    ...(commit === undefined ? {} : { commit: facts as NonNullable<DeliveryThen["commit"]> }),
    state: isGood ? "ready" : "failed",
    because: isGood ? "" : `${String(apply["result"])}: ${wordsOf(String(apply["message"] ?? ""))}`,
    drift: openDrift(log, Date.parse(apply.time), atMs),
  };
}

/** Of a release the journal has the chart's version alone. */
function revisionThen({ kind, revision }: Card, noted: string): string {
  const chart = kind === "HelmRelease" ? revision.split("@")[0] : "";
  return chart === undefined || chart === "" ? noted : `${chart}@${noted}`;
}

/** Drift that was seen by then, and neither healed nor applied over. */
function openDrift(log: Remembered, appliedMs: number, atMs: number): DeliveryThen["drift"] {
  const healedMs = (object: string): number =>
    Math.max(
      0,
      ...log.heals
        .filter((entry) => entry["object"] === object && Date.parse(entry.time) <= atMs)
        .map((entry) => Date.parse(entry.time)),
    );
  const open = new Map<string, DeliveryThen["drift"][number]>();
  for (const entry of log.drifts) {
    const [object, time] = [String(entry["object"] ?? ""), Date.parse(entry.time)];
    if (time > atMs || time < appliedMs || time < healedMs(object) || open.has(object)) continue;
    const by = String(entry["by"] ?? "") || String(entry["managers"] ?? "");
    open.set(object, { object, fields: wordsOf(String(entry["fields"] ?? "")), by });
  }
  return [...open.values()];
}

type Chosen = { chosen: DeliveryThen; limits: string[]; atMs: number };

async function objectsThen(
  world: ObjectWorld & TreeWorld,
  { chosen, limits, atMs }: Chosen,
  viewer: Viewer,
): Promise<ObjectThen[]> {
  const { fleet } = world;
  if (chosen.key.startsWith("HelmRelease/")) return releasedThen(world, { chosen, limits, atMs }, viewer);
  const looking = fleet.engine?.looking;
  const look = looking?.look(chosen.key);
  if (looking === undefined || look === undefined || chosen.revision === "") {
    limits.push("its objects are not known: no engine here runs it, or nothing had been applied");
    return [];
  }
  try {
    const source = await fleet.history?.tree(look.delivery.source, chosen.revision);
    if (source === undefined) throw new Error(`revision ${chosen.revision} is not in the history that is at hand`);
    const stated = await world.renderings.get(looking, chosen.key, { revision: chosen.revision, source });
    return await shownThen(world, viewer, { chosen, limits, manifests: [...stated.values()], mask: look.mask });
  } catch (thrown) {
    limits.push(look.mask(wordsOf(formatFault(faultFrom(thrown)))));
    return [];
  }
}

/** By Helm's record of the release that had been made by then. */
async function releasedThen(
  world: ObjectWorld & TreeWorld,
  { chosen, limits, atMs }: Chosen,
  viewer: Viewer,
): Promise<ObjectThen[]> {
  const { key } = chosen;
  const states = world.fleet.releases;
  const look = await states?.look(key);
  if (states === undefined || look === undefined) {
    limits.push("its objects are not known: no engine here runs it");
    return [];
  }
  try {
    const records = await states.looking.records(key);
    const record = records.find(({ info }) => Date.parse(info.last_deployed ?? "") <= atMs && wasDeployed(info.status));
    const stated = record && (await states.stated(key, record.version));
    if (stated !== undefined)
      return await shownThen(world, viewer, { chosen, limits, manifests: stated.manifests, mask: look.mask });
    limits.push("Helm's record of that time is gone: spec.maxHistory says how many are kept");
  } catch (thrown) {
    limits.push(look.mask(wordsOf(formatFault(faultFrom(thrown)))));
  }
  return [];
}

function wasDeployed(status: string): boolean {
  return status === "deployed" || status === "superseded";
}

type Then = {
  chosen: DeliveryThen;
  limits: string[];
  manifests: readonly Manifest[];
  mask: (text: string) => string;
};

async function shownThen(
  world: TreeWorld,
  viewer: Viewer,
  { chosen, limits, manifests, mask }: Then,
): Promise<ObjectThen[]> {
  const readable = await readableManifests(world, viewer, manifests);
  if (readable.length > momentObjectsMost)
    limits.push(`only ${momentObjectsMost} of ${readable.length} objects are shown`);
  return readable.slice(0, momentObjectsMost).map((manifest) => objectThen(manifest, chosen, mask));
}

async function readableManifests(
  world: TreeWorld,
  viewer: Viewer,
  manifests: readonly Manifest[],
): Promise<Manifest[]> {
  const nodes = manifests.map((manifest) => {
    const { group, kind, namespace, name } = refOf(manifest);
    const link = { group, kind, namespace, name };
    return { ...link, id: idOf(link), manifest };
  });
  const readable = new Set((await readableNodes(world, viewer, nodes)).map(({ id }) => id));
  return nodes.flatMap(({ id, manifest }) => (readable.has(id) ? [manifest] : []));
}

function objectThen(manifest: Manifest, { drift }: DeliveryThen, mask: (text: string) => string): ObjectThen {
  const { group, kind, namespace, name } = refOf(manifest);
  const text = mask(formatYaml(asJson(maskedObject(manifest))));
  const drifted = drift.find(({ object }) => object === formatRef(refOf(manifest)));
  const object = { group, kind, namespace, name };
  if (drifted === undefined) return { object, desired: text, live: text, liveFrom: "same-as-desired" };
  return { object, desired: text, live: mask(`${drifted.fields}\n`), liveFrom: "drifted" };
}
