// What is done about drift. Heal: apply what Git says to the object, in the viewer's name; accept is a file of its own.

import { type DriftView, linkKey, type ObjectLink, type PlanStep, type PlanView } from "#api/console";
import type { Cluster } from "#cluster";
import { type Json, type Manifest, refKey, refOf } from "#kernel";
import { planAccept } from "./accept.ts";
import type { ActionWorld, Intent, Subject } from "./intent.ts";
import { clusterIn, targetOf } from "./object-page.ts";
import { planOfSome } from "./plan-view.ts";
import { Refused, refusedBy } from "./refusals.ts";
import { releasePlanOfSome } from "./release-plan.ts";
import { helmManager } from "./release-statement.ts";
import type { Rights } from "./rights.ts";
import type { Viewer } from "./viewer.ts";

/** What healing or accepting would do. Throws Refused. */
export async function planDrift(world: ActionWorld, subject: Subject): Promise<Intent> {
  const drifted = driftedOf(subject);
  for (const { object } of drifted) await requirePatch(world, subject.viewer, object);
  return subject.ask.action === "heal" ? planHeal(world, subject, drifted) : planAccept(world, subject, drifted);
}

function driftedOf({ ask, card }: Subject): DriftView[] {
  const { object } = ask;
  const cluster = card.cluster === "" ? {} : { cluster: card.cluster };
  const all = card.drift.map((drift) => ({ ...drift, object: { ...drift.object, ...cluster } }));
  if (object === undefined) return all;
  const found = all.filter((drift) => linkKey(drift.object) === linkKey(object));
  if (found.length === 0) throw new Refused("not-possible", `${linkKey(object)} has not drifted`);
  return found;
}

async function requirePatch(world: ActionWorld, viewer: Viewer, object: ObjectLink): Promise<void> {
  // Another cluster judges for itself when it is asked to write.
  if (object.cluster !== undefined) return;
  const { resource, namespace } = await targetOf(clusterIn(world, object, viewer), object);
  const verdict = await mayPatch(world.rights, viewer, { group: resource.group, plural: resource.plural, namespace });
  if (!verdict.ok) throw new Refused("denied", verdict.reason);
}

function mayPatch(rights: Rights, viewer: Viewer, where: { group: string; plural: string; namespace: string }) {
  return rights.may(viewer, { verb: "patch", ...where });
}

type Wanted = { object: ObjectLink; cluster: Cluster; manifest: Manifest };

/** What a delivery states now, and who applies it. */
type Stating = {
  manifests: ReadonlyMap<string, Manifest>;
  manager: string;
  revision: string;
  plan: (manifests: readonly Manifest[]) => Promise<PlanView>;
};

async function statingOf(world: ActionWorld, { ask }: Subject): Promise<Stating> {
  const key = linkKey(ask.link);
  const { engine, releases } = world.fleet;
  const absent = new Refused("not-ready", "the engine in this process does not run it", "ask at the one that does");
  if (ask.link.kind === "HelmRelease") {
    const record = await releases?.stated(key).catch(() => undefined);
    if (releases === undefined || record === undefined) throw absent;
    const manifests = new Map(record.manifests.map((manifest) => [refKey(refOf(manifest)), manifest]));
    const plan: Stating["plan"] = (list) =>
      releasePlanOfSome(world, key, { states: releases, record, manifests: list });
    return { manifests, manager: helmManager, revision: `v${record.version}`, plan };
  }
  const look = engine?.looking.look(key);
  if (engine === undefined || look === undefined) throw absent;
  const revision = look.offered ?? "";
  const manifests = await world.renderings.get(engine.looking, key, { revision });
  const { manager } = look.delivery.policy;
  return { manifests, manager, revision, plan: (list) => planOfSome(world, key, { look, manifests: list }) };
}

async function planHeal(world: ActionWorld, subject: Subject, drifted: readonly DriftView[]): Promise<Intent> {
  const key = linkKey(subject.ask.link);
  const stating = await statingOf(world, subject);
  const wanted: Wanted[] = [];
  for (const { object } of drifted) {
    const cluster = clusterIn(world, object, subject.viewer);
    const target = await targetOf(cluster, object);
    const manifest = stating.manifests.get(refKey({ ...object, namespace: target.namespace }));
    if (manifest === undefined) throw new Refused("not-possible", `${key} does not state ${linkKey(object)} any more`);
    if (isMasked(manifest))
      throw new Refused(
        "not-possible",
        `${linkKey(object)} holds encrypted values`,
        "set its drift mode to heal: the engine has the key",
      );
    wanted.push({ object, cluster, manifest });
  }
  const plan = healing(await stating.plan(wanted.map(({ manifest }) => manifest)));
  const who = subject.ask.link.kind === "HelmRelease" ? `release ${stating.revision}` : "Git";
  return {
    shown: {
      says: drifted.map(
        ({ object, fields }) => `puts back what ${who} says in ${linkKey(object)}: ${fields.join("; ")}`,
      ),
      plan,
      ways: [],
      needsReason: false,
      places: [],
    },
    depends: driftState(drifted, stating.revision),
    async carryOut() {
      for (const { object, cluster, manifest } of wanted) {
        const answer = await cluster.apply(await targetOf(cluster, object), manifest, {
          fieldManager: stating.manager,
          isForced: true,
        });
        if (!answer.ok) throw refusedBy(answer.status, `healing ${linkKey(object)}`);
      }
      return { message: `healed ${wanted.map(({ object }) => linkKey(object)).join(", ")}` };
    },
  };
}

/** What the engine would only report is put back by the person who asks for it. */
function healing(plan: PlanView): PlanView {
  const steps = plan.steps.map((step): PlanStep => {
    if (step.action !== "skip" && step.action !== "unchanged") return step;
    return { ...step, action: step.changes.length === 0 ? "create" : "configure" };
  });
  const counts: { [action in PlanStep["action"]]?: number } = {};
  for (const { action } of steps) counts[action] = (counts[action] ?? 0) + 1;
  return { ...plan, steps, counts };
}

/** True for an encrypted object whose values only the engine can read. */
function isMasked(manifest: Manifest): boolean {
  return manifest.kind === "Secret" && JSON.stringify([manifest["data"], manifest["stringData"]]).includes(encodedMask);
}

/** What the preview writes in place of encrypted values, `**SOPS**`, as a Secret's data. */
const encodedMask = Buffer.from("**SOPS**").toString("base64");

function driftState(drifted: readonly DriftView[], revision: string): Json {
  return [revision, drifted.map(({ object, fields }) => [linkKey(object), [...fields]])];
}
