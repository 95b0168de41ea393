// Carries out what the plan decides, stage by stage. Of a stage, every object that differs is dry-run first; when one is
// refused, nothing of the stage is written. Objects that are known to be as desired cost no request.

import { type Cluster, pause, type Target } from "#cluster";
import { assess } from "#health";
import { type Clock, faultFrom, formatRef, type Manifest, refKey, refOf, type VersionedRef } from "#kernel";
import {
  adaptedTo,
  type Claimant,
  compareForApply,
  decide,
  type Prediction,
  rulesFor,
  stageOf,
  stagesCount,
  type Step,
  type Subject,
  takeOverPatch,
} from "#plan";
import { clusterFault, isTransient } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import type { Kinds } from "./kinds.ts";
import { concurrentRequests, namedInMessage, settleMs, settlePollMs } from "./limits.ts";
import type { Live } from "./live.ts";
import type { Delivery, Outcome, OutcomeWord } from "./model.ts";
import type { Desired } from "./state.ts";
import { mapLimited } from "./map-limited.ts";

export type ApplyContext = {
  delivery: Delivery;
  desired: Desired;
  cluster: Cluster;
  kinds: Kinds;
  live: Live;
  clock: Clock;
  signal: AbortSignal;
  /** Aborted when something newer asks for this delivery: a wait then ends. */
  superseded: AbortSignal;
  ownerLabel: string;
  /** The other delivery that states an object and whose marks it carries. */
  claimant: (desired: Manifest, live: Manifest) => Promise<Claimant | undefined>;
  /** Why a drifted object is not healed now; undefined: it is. */
  resting: (ref: VersionedRef) => string | undefined;
  /** Told before objects are created that the inventory does not name yet. */
  creating: (refs: readonly VersionedRef[]) => Promise<void>;
};

type Item = {
  /** What is applied: ignored fields of what exists are left to others in it. */
  manifest: Manifest;
  hash: string;
  ref: VersionedRef;
  target: Target;
  live: Manifest | undefined;
  step: Step;
};

/** Applies the objects of `keys` (all when absent). Throws DeliveryFault; what was done before is in `outcomes`. */
export async function applyStages(
  context: ApplyContext,
  outcomes: Outcome[],
  keys?: ReadonlySet<string>,
): Promise<void> {
  const stages = stagedManifests(context, keys);
  for (const [index, manifests] of stages.entries()) {
    if (manifests.length === 0) continue;
    const items = await planStage(context, manifests, outcomes);
    refuseFailures(items, outcomes);
    await announceNew(context, items);
    await writeStage(context, items, outcomes);
    if (index <= lastAwaitedStage) await settleStage(context, items);
  }
}

function stagedManifests(context: ApplyContext, keys: ReadonlySet<string> | undefined): Manifest[][] {
  const stages: Manifest[][] = Array.from({ length: stagesCount }, () => []);
  for (const [key, { manifest }] of context.desired.byKey) {
    if (keys !== undefined && !keys.has(key)) continue;
    stages[stageOf(refOf(manifest), context.delivery.stagedKinds)]?.push(manifest);
  }
  for (const stage of stages) stage.sort((a, b) => compareForApply(refOf(a), refOf(b)));
  return stages;
}

async function planStage(context: ApplyContext, manifests: Manifest[], outcomes: Outcome[]): Promise<Item[]> {
  const planned = await mapLimited(manifests, concurrentRequests, (manifest) => planOne(context, manifest));
  const items: Item[] = [];
  for (const item of planned) {
    if ("word" in item) outcomes.push(item);
    else items.push(item);
  }
  return items;
}

/** The step for one object, or its outcome where nothing need be asked or done. */
async function planOne(context: ApplyContext, manifest: Manifest): Promise<Item | Outcome> {
  const { delivery, live } = context;
  const ref = refOf(manifest);
  const hash = context.desired.byKey.get(refKey(ref))?.hash ?? "";
  const leftOut = delivery.leaveOut(manifest);
  if (leftOut !== undefined) return outcomeOf(ref, "skipped", leftOut);
  if (live.isClean(ref, hash)) return outcomeOf(ref, "unchanged", "as in Git");
  // Only the healing of drift rests: what Git itself changed is always applied.
  const resting = isRevised(context, ref, hash) ? undefined : context.resting(ref);
  if (resting !== undefined) return { ...outcomeOf(ref, "skipped", resting), isDrift: true };
  try {
    const target = await context.kinds.target(ref);
    await live.watch(target.resource, context.ownerLabel);
    return await decideOne(context, manifest, { ref, hash, target });
  } catch (thrown) {
    const fault = faultFrom(thrown);
    if (!(fault instanceof DeliveryFault) || isPassing(fault)) throw fault;
    return outcomeOf(ref, "failed", reasonFor(fault));
  }
}

/** True for what says nothing about the object: the pass ends and is tried again soon. */
function isPassing(fault: DeliveryFault): boolean {
  return fault.code === "cluster-failed" || fault.code === "conflict";
}

/** What failed, why, and what to do about it, in one line. */
function reasonFor(fault: DeliveryFault): string {
  const cause = fault.cause instanceof Error ? `: ${fault.cause.message}` : "";
  const hint = fault.hint === undefined ? "" : ` (${fault.hint})`;
  return `${fault.message}${cause}${hint}`;
}

type Asked = { ref: VersionedRef; hash: string; target: Target };

async function decideOne(context: ApplyContext, manifest: Manifest, asked: Asked): Promise<Item | Outcome> {
  const { delivery, live } = context;
  const { ref, hash, target } = asked;
  const found = await context.cluster.get(target, context.signal);
  if (!found.ok && found.status.code !== 404) throw clusterFault(found.status, "could not be read", formatRef(ref));
  const object = found.ok ? found.value : undefined;
  const adapted = object === undefined ? manifest : adapt(context, manifest, object);
  const subject: Subject = {
    desired: manifest,
    live: object,
    reference: live.reference(ref),
    prediction: undefined,
    claimant: object === undefined ? undefined : await context.claimant(manifest, object),
    isRevised: isRevised(context, ref, hash),
  };
  let decision = decide(subject, delivery.policy);
  if (decision.needsPrediction) {
    decision = decide({ ...subject, prediction: await predict(context, adapted, target) }, delivery.policy);
  }
  if (decision.needsPrediction) return outcomeOf(ref, "failed", "the dry run gave no answer");
  const { step } = decision;
  if (step.action === "unchanged" || step.action === "skip")
    return settleUntouched(context, asked, { manifest, step, object });
  if (step.action === "fail") return outcomeOf(ref, "failed", step.reason);
  return { manifest: adapted, hash, ref, target, live: object, step };
}

/** Nothing is written; what stands there becomes the reference where it is as desired. */
function settleUntouched(
  context: ApplyContext,
  asked: Asked,
  found: { manifest: Manifest; step: Step; object: Manifest | undefined },
): Outcome {
  const { manifest, step, object } = found;
  const word: OutcomeWord = step.action === "skip" ? "skipped" : "unchanged";
  if (object !== undefined && word === "unchanged" && !step.isDrift) adopt(context, { ...asked, manifest }, object);
  const { reason, changes, isDrift } = step;
  return { ref: asked.ref, word, reason, changes, isDrift, touchedIn: context.live.touchedIn(asked.ref) };
}

function adapt(context: ApplyContext, desired: Manifest, live: Manifest): Manifest {
  const { policy } = context.delivery;
  const pointers = policy.ignoredFields(desired);
  return pointers.length === 0 ? desired : adaptedTo(desired, live, { pointers, manager: policy.manager });
}

function adopt(context: ApplyContext, asked: { manifest: Manifest; hash: string }, object: Manifest): void {
  const { delivery } = context;
  const rules = rulesFor(asked.manifest, object, delivery.policy);
  context.live.adopt(object, { delivery: delivery.key, desiredHash: asked.hash, rules });
}

/** True when the manifest is not what was applied before, so that a difference is no drift. */
function isRevised(context: ApplyContext, ref: VersionedRef, hash: string): boolean {
  const reference = context.live.reference(ref);
  if (reference !== undefined) return reference.desiredHash !== hash;
  const { remembered, generation } = context.delivery;
  return remembered.appliedRevision !== context.desired.revision || remembered.observedGeneration !== generation;
}

async function predict(context: ApplyContext, manifest: Manifest, target: Target): Promise<Prediction> {
  const answer = await context.cluster.apply(target, manifest, {
    fieldManager: context.delivery.policy.manager,
    isForced: true,
    isDryRun: true,
  });
  if (answer.ok) return { ok: true, object: answer.value };
  if (isTransient(answer.status)) throw clusterFault(answer.status, "the dry run was not answered");
  return { ok: false, refusal: answer.status };
}

/** A stage with a refused object ends here, before anything of it is written. */
function refuseFailures(items: readonly Item[], outcomes: Outcome[]): void {
  const failed = outcomes.filter((outcome) => outcome.word === "failed");
  if (failed.length === 0) return;
  for (const item of items) outcomes.push(outcomeOf(item.ref, "skipped", "another object of its stage was refused"));
  if (failed.every((outcome) => terminating.test(outcome.reason))) throw terminatingFault(failed);
  throw new DeliveryFault({
    code: "stage-refused",
    disposition: "retry",
    message: `${listObjects(failed)}`,
    hint: "nothing of this stage was applied; correct it in Git, or in the cluster where the message says so",
  });
}

/** What passes by itself: the object, or its namespace, is going away. */
const terminating = /is being terminated|is being deleted/;

function terminatingFault(failed: readonly Outcome[]): DeliveryFault {
  return new DeliveryFault({
    code: "terminating",
    disposition: "wait",
    message: listObjects(failed),
    hint: "nothing need be done: it is applied again as soon as the deletion is through",
  });
}

/** `Kind/ns/name: reason; …`, the first few. */
export function listObjects(outcomes: readonly { ref: VersionedRef; reason: string }[]): string {
  const shown = outcomes.slice(0, namedInMessage).map((outcome) => `${formatRef(outcome.ref)}: ${outcome.reason}`);
  const more = outcomes.length - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}

async function announceNew(context: ApplyContext, items: readonly Item[]): Promise<void> {
  const created = items.filter((item) => item.step.action === "create").map((item) => item.ref);
  if (created.length > 0) await context.creating(created);
}

/** In order of kinds; objects of one kind at once. */
async function writeStage(context: ApplyContext, items: readonly Item[], outcomes: Outcome[]): Promise<void> {
  const failures: Outcome[] = [];
  for (const group of groupByKind(items)) {
    const done = await mapLimited(group, concurrentRequests, (item) => writeOne(context, item));
    outcomes.push(...done);
    failures.push(...done.filter((outcome) => outcome.word === "failed"));
    if (failures.length > 0) break;
  }
  if (failures.length === 0) return;
  if (failures.every((outcome) => terminating.test(outcome.reason))) throw terminatingFault(failures);
  throw new DeliveryFault({ code: "apply-failed", disposition: "retry", message: listObjects(failures) });
}

function groupByKind(items: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${item.ref.group}/${item.ref.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

async function writeOne(context: ApplyContext, item: Item): Promise<Outcome> {
  const { ref, step } = item;
  const touchedIn = context.live.touchedIn(ref);
  context.live.writing(ref);
  try {
    const object = await perform(context, item);
    adopt(context, item, object);
    return {
      ref,
      word: wordOf(step, item.live, object),
      reason: step.reason,
      changes: step.changes,
      isDrift: step.isDrift,
      touchedIn,
    };
  } catch (thrown) {
    context.live.written(ref);
    const fault = faultFrom(thrown);
    if (fault instanceof DeliveryFault && isPassing(fault)) throw fault;
    return outcomeOf(ref, "failed", fault.cause instanceof Error ? fault.cause.message : fault.message);
  }
}

function wordOf(step: Step, before: Manifest | undefined, after: Manifest): OutcomeWord {
  if (step.action === "create") return "created";
  if (step.action === "recreate") return "recreated";
  return before?.metadata.resourceVersion === after.metadata.resourceVersion ? "unchanged" : "configured";
}

async function perform(context: ApplyContext, item: Item): Promise<Manifest> {
  const { manifest, target, step, live, ref } = item;
  if (step.action === "recreate" && live !== undefined) await removeFirst(context, item, live);
  if (step.needsTakeOver && live !== undefined) await takeOver(context, item, live);
  const answer = await context.cluster.apply(target, manifest, {
    fieldManager: context.delivery.policy.manager,
    isForced: true,
  });
  if (!answer.ok) throw clusterFault(answer.status, "apply failed", formatRef(ref));
  return answer.value;
}

async function takeOver(context: ApplyContext, item: Item, live: Manifest): Promise<void> {
  const rules = rulesFor(item.manifest, live, context.delivery.policy);
  const patch = takeOverPatch(live, rules);
  if (patch.length === 0) return;
  const fieldManager = context.delivery.policy.manager;
  const answer = await context.cluster.patch(item.target, { type: "json", patch }, { fieldManager });
  if (!answer.ok) throw clusterFault(answer.status, "fields could not be taken over", formatRef(item.ref));
}

/** Deletes an object that must be made anew, and waits until it is gone. */
async function removeFirst(context: ApplyContext, item: Item, live: Manifest): Promise<void> {
  const uid = live.metadata.uid ?? "";
  const answer = await context.cluster.delete(item.target, {
    propagation: "Background",
    ...(uid === "" ? {} : { preconditions: { uid } }),
  });
  if (!answer.ok && answer.status.code !== 404)
    throw clusterFault(answer.status, "could not be deleted to be recreated");
  await waitUntil(context, `${formatRef(item.ref)} to be gone`, async () => {
    const found = await context.cluster.get(item.target, context.signal);
    return (!found.ok && found.status.code === 404) || (found.ok && found.value.metadata.uid !== uid);
  });
}

/** Definitions and classes: what comes later cannot even be read before they are served. */
const lastAwaitedStage = 1;

async function settleStage(context: ApplyContext, items: readonly Item[]): Promise<void> {
  for (const item of items) {
    await waitUntil(context, `${formatRef(item.ref)} to be ready`, async () => {
      const found = await context.cluster.get(item.target, context.signal);
      return found.ok && assess(found.value, { now: context.clock.now() }).waits === "Current";
    });
  }
  if (items.some((item) => item.ref.kind === "CustomResourceDefinition")) context.kinds.forget();
}

async function waitUntil(context: ApplyContext, what: string, isDone: () => Promise<boolean>): Promise<void> {
  const { clock, signal, superseded } = context;
  const end = clock.now() + Math.min(context.delivery.timeoutMs, settleMs);
  while (!(await isDone())) {
    if (signal.aborted || clock.now() >= end) {
      throw new DeliveryFault({ code: "apply-failed", disposition: "retry", message: `timed out waiting for ${what}` });
    }
    if (superseded.aborted) {
      const message = `something newer came while waiting for ${what}`;
      throw new DeliveryFault({ code: "conflict", disposition: "retry", message });
    }
    await pause(clock, settlePollMs, signal);
  }
}

export function outcomeOf(ref: VersionedRef, word: OutcomeWord, reason: string): Outcome {
  return { ref, word, reason, changes: [], isDrift: false };
}
