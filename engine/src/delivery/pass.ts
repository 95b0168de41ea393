// One level-triggered pass over one delivery: observe → render → plan → apply → prune → assess. It never waits for
// health: it says what it waits for and ends; the watch brings the delivery back. So nothing can be held up by it, and a
// new revision simply is the next pass.

import type { Cluster } from "#cluster";
import { formatDuration } from "#api/flux";
import {
  canonicalJson,
  type Clock,
  formatFault,
  type Manifest,
  refKey,
  refOf,
  sha256Hex,
  type VersionedRef,
} from "#kernel";
import { compareForApply, departed, driftModeOf, hashManifest, stageOf, uniqueRefs } from "#plan";
import { applyStages, listObjects } from "./apply.ts";
import type { Claims } from "./claims.ts";
import type { Decryptions, OpenDecryption } from "./decryption.ts";
import { DeliveryFault } from "./faults.ts";
import { finish } from "./finish.ts";
import { isOpen, whyHeld } from "./guard.ts";
import { awaitedRefs, goesByItself, judge, listFailed, listWaiting } from "./health.ts";
import type { Kinds } from "./kinds.ts";
import { namedInMessage } from "./limits.ts";
import type { Live } from "./live.ts";
import type { Delivery, Hold, Outcome, Phase, SourceRef } from "./model.ts";
import { removeDeparted } from "./remove.ts";
import { noting, type ObjectRead } from "./object-reads.ts";
import type { Revisions } from "./revisions.ts";
import type { RenderDesk, RenderJob, SourceTree } from "./render-desk.ts";
import type { Applied, DeliveryState, Desired } from "./state.ts";
import { readVariables } from "./variables.ts";

/** A source's content, as the artifacts room offers it. */
export type SourceArtifact = { revision: string; originRevision: string | undefined; source: SourceTree };

/** A cluster that deliveries apply to, and what is known of it. */
export type Reach = { cluster: Cluster; kinds: Kinds; live: Live };

export type PassContext = Reach & {
  state: DeliveryState;
  artifact: SourceArtifact;
  /** Where the deliveries live, as the engine itself. */
  home: { cluster: Cluster; kinds: Kinds };
  desk: RenderDesk;
  decryptions: Decryptions;
  claims: Claims;
  revisions: Pick<Revisions, "hasRead">;
  clock: Clock;
  signal: AbortSignal;
  /** Aborted when something newer asks for this delivery: a wait then ends. */
  superseded: AbortSignal;
  ownerLabel: string;
  /** True when everything must be looked at, not only what was touched. */
  isThorough: boolean;
  /** True when a person asked: time that has run out starts anew. */
  isAsked: boolean;
  /** Told once it is certain that this revision is tried. */
  begins: () => void;
  moved: (phase: Phase, waitingFor?: string) => void;
  /** Writes an inventory ahead of what will be created. */
  recordInventory: (inventory: readonly VersionedRef[]) => Promise<void>;
  resting: (ref: VersionedRef) => string | undefined;
  /** A source's content at an earlier revision. */
  artifactAt: (source: SourceRef, revision: string) => Promise<SourceArtifact | undefined>;
  logged: (message: string) => void;
};

export type PassResult = {
  outcomes: Outcome[];
  inventory: readonly VersionedRef[] | undefined;
  isHealthy: boolean | undefined;
  /** True when nobody looked at health. */
  isHealthKept: boolean;
  /** Set while health is waited for; the time left until that is a failure. */
  waits: { text: string; remainingMs: number } | undefined;
  /** Set when nothing new was applied, since that is not allowed now. */
  hold: Hold | undefined;
};

const nothing = {
  inventory: undefined,
  isHealthy: undefined,
  isHealthKept: false,
  waits: undefined,
  hold: undefined,
};

/** Runs one pass. Throws DeliveryFault; what was done before stands in `outcomes`. */
export async function runPass(context: PassContext, outcomes: Outcome[]): Promise<PassResult> {
  const { state, artifact } = context;
  const { guard } = state.delivery;
  if (isOpen(guard)) context.begins();
  const desired = await prepare(context, state, artifact).catch(async (thrown: unknown) => {
    await healMeanwhile(context, outcomes);
    throw thrown;
  });
  const hold = isOpen(guard) ? undefined : await holdFor(context, desired);
  if (hold !== undefined) {
    await healMeanwhile(context, outcomes);
    return { ...nothing, outcomes, hold };
  }
  if (!isOpen(guard)) context.begins();
  const inventory = await bringAbout(context, desired, outcomes);
  // Healing one object does not put in question what is ready: its health is for the console, not for dependents.
  if (state.isReady && inventory === undefined) return { ...nothing, outcomes, isHealthKept: true };
  return { ...nothing, outcomes, inventory, ...(await assessApplied(context)) };
}

/** Why what is in Git is not applied now. What is applied already is not put in question. */
async function holdFor(context: PassContext, desired: Desired): Promise<Hold | undefined> {
  const { state, artifact, claims, clock } = context;
  const { delivery } = state;
  const before = state.applied;
  const isSame =
    before === undefined ? delivery.remembered.appliedDigest === desired.builtDigest : before.digest === desired.digest;
  if (isSame) return undefined;
  let prunedCount = 0;
  if (delivery.guard.pruneLimit !== undefined && delivery.policy.isPruned) {
    const gone = departed(state.inventory, desired.manifests.map(refOf));
    if (gone.length > 0) await claims.refresh(delivery.key);
    prunedCount = gone.filter((ref) => claims.other(ref, delivery.key) === undefined).length;
  }
  const wish = { revision: artifact.revision, prunedCount, inventoryCount: state.inventory.length };
  return whyHeld(delivery.guard, wish, clock.now());
}

/** What was applied before stays guarded while a newer commit cannot be built, or is held back. */
async function healMeanwhile(context: PassContext, outcomes: Outcome[]): Promise<void> {
  const { state } = context;
  const isFirst = state.guarded === undefined && !state.isRecalled;
  if (isFirst) state.guarded = await recall(context);
  if (state.guarded === undefined || (state.touched.size === 0 && !isFirst)) return;
  const keys = new Set(state.touched.keys());
  // Nobody has looked since the start: all of it is looked at once.
  await applyStages(applyContext(context, state.guarded), outcomes, isFirst ? undefined : keys);
  for (const key of keys) state.touched.delete(key);
}

/** What stands in the cluster, after a start: made again of the revision last applied, if it gives the same. */
async function recall(context: PassContext): Promise<Desired | undefined> {
  const { state } = context;
  const { remembered, generation, source } = state.delivery;
  const { appliedRevision, appliedDigest, observedGeneration } = remembered;
  if (appliedRevision === undefined || appliedDigest === undefined || observedGeneration !== generation)
    return undefined;
  try {
    const artifact = await context.artifactAt(source, appliedRevision);
    // What is said of what is offered stays so.
    const { masker, badMacs } = state;
    const made = artifact === undefined ? undefined : await make(context, state, artifact);
    Object.assign(state, { masker, badMacs, isRecalled: true });
    return made?.builtDigest === appliedDigest ? made : undefined;
  } catch (thrown) {
    context.logged(`${state.delivery.key}: what is applied cannot be guarded: ${formatFault(thrown)}`);
    return undefined;
  }
}

/** What a delivery wants at an artifact's revision; remembered as long as nothing it depends on changes. */
export async function prepare(
  context: PrepareContext,
  state: DeliveryState,
  artifact: SourceArtifact,
): Promise<Desired> {
  const desired = await make(context, state, artifact);
  state.desired = desired;
  const { key } = state.delivery;
  // Others may ask what a delivery states, and a later revision what it read.
  context.claims.state(key, artifact.revision, desired.byKey);
  context.revisions.hasRead(key, [desired.rendering.reads, desired.decryptionReads], artifact.source);
  return desired;
}

type PrepareContext = Pick<PassContext, "desk" | "home" | "claims" | "decryptions" | "revisions"> & {
  isThorough?: boolean;
};

/** Renders and finishes; what the state holds already is given again where it is the same. */
async function make(context: PrepareContext, state: DeliveryState, artifact: SourceArtifact): Promise<Desired> {
  const { delivery, desired: before } = state;
  const { isThorough = false } = context;
  const { revision } = artifact;
  const objects = new Map<string, ObjectRead>();
  const home = { ...context.home, cluster: noting(context.home.cluster, objects) };
  const opened = await context.decryptions.open(delivery, artifact.source, home.cluster);
  state.masker = opened?.masker;
  state.badMacs = opened?.badMacs ?? [];
  const job = opened === undefined ? jobOf(delivery) : { ...jobOf(delivery), overlay: opened.overlay };
  const rendering = await context.desk.render(job, artifact.source, { isThorough });
  const variables = await readVariables(delivery, home);
  const finishedBy = finishKey(delivery, variables, opened);
  if (before?.rendering === rendering && before.finishedBy === finishedBy) {
    return Object.assign(before, { revision, objects });
  }
  const plain = opened === undefined ? rendering.manifests : await opened.objects(rendering.manifests);
  const { manifests, digest: builtDigest } = finish(plain, delivery, variables);
  const byKey = index(manifests);
  const digest = `sha256:${sha256Hex([...byKey.values()].map((entry) => entry.hash).join("\n"))}`;
  const decryptionReads = opened?.reads ?? [];
  const read = { rendering, decryptionReads, finishedBy, objects, masker: opened?.masker };
  return { ...read, manifests, byKey, digest, builtDigest, revision };
}

/** What a delivery asks its renderer for. */
export function jobOf({ path, renderer, hasRemoteBases }: Delivery): RenderJob {
  return { path, renderer: renderer.name, options: renderer.options, hasRemotes: hasRemoteBases };
}

function finishKey(
  delivery: Delivery,
  variables: ReadonlyMap<string, string> | undefined,
  opened: OpenDecryption | undefined,
): string {
  const values = variables === undefined ? null : [...variables];
  const { labels, annotations } = delivery.commonMetadata;
  return sha256Hex(
    canonicalJson([values, labels, annotations, { ...delivery.policy.marks }, delivery.generation, opened?.id ?? ""]),
  );
}

function index(manifests: readonly Manifest[]): Map<string, { manifest: Manifest; hash: string }> {
  const byKey = new Map<string, { manifest: Manifest; hash: string }>();
  for (const manifest of manifests) byKey.set(refKey(refOf(manifest)), { manifest, hash: hashManifest(manifest) });
  return byKey;
}

/** Applies and prunes, unless what is there is known to be what is wanted. The new inventory, when it moved. */
async function bringAbout(
  context: PassContext,
  desired: Desired,
  outcomes: Outcome[],
): Promise<readonly VersionedRef[] | undefined> {
  const { state } = context;
  const isSame = state.applied?.digest === desired.digest && state.applied.generation === state.delivery.generation;
  if (isSame && !context.isThorough && state.touched.size === 0) {
    state.applied = { ...(state.applied as Applied), revision: desired.revision };
    state.guarded = desired;
    return undefined;
  }
  const keys = isSame && !context.isThorough ? new Set(state.touched.keys()) : undefined;
  const looked = [...state.touched.keys()];
  context.moved("applying");
  await applyStages(applyContext(context, desired), outcomes, keys);
  for (const key of looked) state.touched.delete(key);
  if (keys !== undefined) return undefined;
  return complete(context, desired, outcomes);
}

function applyContext(context: PassContext, desired: Desired) {
  const { state, claims } = context;
  return {
    ...context,
    delivery: state.delivery,
    desired,
    claimant: (wanted: Manifest, live: Manifest) => claims.holder(wanted, live, state.delivery),
    creating: (refs: readonly VersionedRef[]) => context.recordInventory(uniqueRefs([...state.inventory, ...refs])),
  };
}

/** After a whole apply: prune, and the inventory that follows. */
async function complete(context: PassContext, desired: Desired, outcomes: Outcome[]): Promise<readonly VersionedRef[]> {
  const { state } = context;
  const refs = inApplyOrder(desired.manifests.map(refOf), state.delivery.stagedKinds);
  const pruned = await prune(context, refs);
  outcomes.push(...pruned);
  const failed = pruned.filter((outcome) => outcome.word === "failed");
  const inventory = uniqueRefs([...refs, ...failed.map((outcome) => outcome.ref)]);
  state.inventory = inventory;
  const skipped = outcomes.filter((outcome) => outcome.word === "skipped" && !outcome.isDrift);
  state.guarded = desired;
  state.applied = {
    digest: desired.digest,
    builtDigest: desired.builtDigest,
    revision: desired.revision,
    generation: state.delivery.generation,
    atMs: isSameAsBefore(context, desired) ? (state.applied?.atMs ?? 0) : context.clock.now(),
    refs,
    skipped: new Set(skipped.map((outcome) => refKey(outcome.ref))),
    leftOut: skipped,
  };
  if (failed.length === 0) return inventory;
  await context.recordInventory(inventory);
  throw new DeliveryFault({ code: "prune-failed", disposition: "retry", message: listObjects(failed) });
}

/** As Flux lists them: by stage, then by kind. */
function inApplyOrder(refs: VersionedRef[], stagedKinds: ReadonlySet<string>): VersionedRef[] {
  return refs.sort((a, b) => stageOf(a, stagedKinds) - stageOf(b, stagedKinds) || compareForApply(a, b));
}

/** A retry of what was applied already does not get new time to become healthy. */
function isSameAsBefore(context: PassContext, desired: Desired): boolean {
  const { applied, delivery } = context.state;
  return !context.isAsked && applied?.digest === desired.digest && applied.generation === delivery.generation;
}

async function prune(context: PassContext, desired: readonly VersionedRef[]): Promise<Outcome[]> {
  const { state, claims } = context;
  const kept = new Set(desired.map(refKey));
  if (!state.delivery.policy.isPruned || state.inventory.every((ref) => kept.has(refKey(ref)))) return [];
  context.moved("pruning");
  // Another delivery may state now what this one no longer does: ask all of them before anything is deleted.
  await claims.refresh(state.delivery.key);
  return removeDeparted({
    ...context,
    policy: state.delivery.policy,
    inventory: state.inventory,
    desired,
    claimant: (ref) => claims.other(ref, state.delivery.key),
  });
}

async function assessApplied(context: PassContext): Promise<Pick<PassResult, "isHealthy" | "waits">> {
  const { state, clock } = context;
  const { delivery, applied } = state;
  if (applied === undefined || delivery.wait.kind === "none") return { isHealthy: undefined, waits: undefined };
  const mayBeAbsent = (ref: VersionedRef): boolean => {
    const wanted = state.desired?.byKey.get(refKey(ref))?.manifest;
    if (wanted === undefined) return false;
    // It was there after the apply; that drift is only reported for it means that it stays away.
    return goesByItself(wanted) || driftModeOf(wanted, undefined, delivery.policy) !== "heal";
  };
  const awaited = awaitedRefs(delivery, applied);
  // Where there is nothing, nothing is said of its health.
  if (delivery.wait.kind === "all" && awaited.length === 0) return { isHealthy: undefined, waits: undefined };
  const verdict = await judge(awaited, delivery, { ...context, mayBeAbsent });
  if (verdict.is === "healthy") return { isHealthy: true, waits: undefined };
  const text = listWaiting(verdict.waitingFor, namedInMessage);
  const waitedMs = Math.max(0, clock.now() - applied.atMs);
  if (verdict.is === "failed") {
    throw new DeliveryFault({
      code: "health-failed",
      disposition: "retry",
      message: `health check failed after ${formatDuration(waitedMs)}: failed early due to stalled resources: [${listFailed(verdict.failed, namedInMessage)}]`,
      hint: "look at the events of these objects",
    });
  }
  const remainingMs = applied.atMs + delivery.timeoutMs - clock.now();
  if (remainingMs <= 0) {
    throw new DeliveryFault({
      code: "health-timeout",
      disposition: "retry",
      message: `health check failed after ${formatDuration(waitedMs)}: timeout waiting for: [${listFailed(verdict.waitingFor, namedInMessage)}]`,
      hint: "look at the events of these objects",
    });
  }
  return { isHealthy: false, waits: { text, remainingMs } };
}
