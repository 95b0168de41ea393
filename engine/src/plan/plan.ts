// Decides everything: desired + live + what is known of earlier applies + policy → steps with reasons. Apply carries them
// out and chooses nothing. Where only the server can tell (defaults, admission, immutable fields), the decision asks for
// a dry run and is made again with its answer.

import { canonicalJson, asJson, formatRef, type Manifest, refOf, sha256Hex, type VersionedRef } from "#kernel";
import { compareObjects, type FieldChange, formatChange } from "./changes.ts";
import { withoutFields } from "./ignored.ts";
import { hasLeftovers } from "./leftovers.ts";
import { appliedEntry, rivalEntries, type TakeOver } from "./managed-fields.ts";
import { driftFrom, foreignFields, isCertainlyApplied, type OwnershipRules, type Reference } from "./reference.ts";
import type { DriftMode, Switches } from "./switches.ts";

export type Policy = {
  /** Field manager of everything applied. */
  manager: string;
  takeOver: TakeOver;
  /** Labels that mark an object as this delivery's. */
  marks: { readonly [label: string]: string };
  switches: (object: Manifest) => Switches;
  /** JSON pointers of fields of an object that are left to others once it exists. */
  ignoredFields: (manifest: Manifest) => readonly string[];
  isForced: boolean;
  isPruned: boolean;
  drift: DriftMode;
};

/** What the server said to a dry run. */
export type Prediction = { ok: true; object: Manifest } | { ok: false; refusal: Refusal };

/** The part of a server's refusal that a decision needs. */
export type Refusal = { code: number; reason: string; message: string };

/** Another delivery that states an object, as people read it, and whether it states the same of it. */
export type Claimant = { label: string; isSame: boolean };

export type Subject = {
  desired: Manifest;
  live: Manifest | undefined;
  reference: Reference | undefined;
  prediction: Prediction | undefined;
  /** The other delivery that states the same object and holds it. */
  claimant: Claimant | undefined;
  /** True when Git itself changed since the last apply, so that a difference is no drift. */
  isRevised: boolean;
};

export type Action = "create" | "configure" | "recreate" | "unchanged" | "skip" | "prune" | "fail";

export type Step = {
  action: Action;
  ref: VersionedRef;
  /** Why, in words for people. */
  reason: string;
  changes: readonly FieldChange[];
  /** True when the differences were made in the cluster, not in Git. */
  isDrift: boolean;
  /** True when fields of people's tools must become ours first. */
  needsTakeOver: boolean;
};

/** A decision, or the wish for a dry run first. */
export type Decision = { needsPrediction: true } | { needsPrediction: false; step: Step };

/** One hash for equal manifests; what a reference is compared with. */
export function hashManifest(manifest: Manifest): string {
  return sha256Hex(canonicalJson(asJson(manifest)));
}

/** Decides what is to be done about one object. */
export function decide(subject: Subject, policy: Policy): Decision {
  const left = leftAlone(subject, policy);
  if (left !== undefined) return decided(subject, "skip", left);
  if (subject.claimant !== undefined) return decideClaimed(subject, subject.claimant);
  const { live, prediction } = subject;
  if (live === undefined) return decideNew(subject, prediction, policy);
  if (live.metadata.deletionTimestamp !== undefined) return decideLeaving(subject, live, policy);
  if (policy.switches(subject.desired).mode === "if-not-present")
    return decided(subject, "skip", "exists, and is applied only when it does not");
  const rules = rulesFor(subject.desired, live, policy);
  if (isKnownEqual(subject, live, rules)) return decided(subject, "unchanged", "as in Git");
  if (prediction === undefined) return { needsPrediction: true };
  if (!prediction.ok) return decideRefused(subject, prediction.refusal, isForced(subject, live, policy));
  return decideDiffering(subject, { live, predicted: prediction.object, rules, policy });
}

/** How ownership is judged for an object: `ssa: Merge`, in Git or in the cluster, leaves people's fields alone. */
export function rulesFor(desired: Manifest, live: Manifest | undefined, policy: Policy): OwnershipRules {
  const isMerged = [desired, live].some((object) => object !== undefined && policy.switches(object).mode === "merge");
  const takeOver = isMerged ? { prefixes: [], except: [] } : policy.takeOver;
  return { manager: policy.manager, takeOver, ignored: policy.ignoredFields(desired) };
}

function isForced(subject: Subject, live: Manifest, policy: Policy): boolean {
  return policy.isForced || policy.switches(subject.desired).isForced || policy.switches(live).isForced;
}

/** The drift mode for an object: its own word before the delivery's. */
export function driftModeOf(desired: Manifest, live: Manifest | undefined, policy: Policy): DriftMode {
  const own = policy.switches(desired).drift ?? (live === undefined ? undefined : policy.switches(live).drift);
  return own ?? policy.drift;
}

function leftAlone(subject: Subject, policy: Policy): string | undefined {
  for (const [object, where] of [
    [subject.desired, "in Git"],
    [subject.live, "in the cluster"],
  ] as const) {
    if (object === undefined) continue;
    const switches = policy.switches(object);
    if (!switches.isReconciled) return `reconciliation is switched off ${where}`;
    if (switches.mode === "ignore") return `is ignored by its mark ${where}`;
  }
  return undefined;
}

/** What two deliveries state alike is applied by the one that has it; what they state differently is a mistake. */
function decideClaimed(subject: Subject, { label, isSame }: Claimant): Decision {
  if (isSame) return decided(subject, "skip", `${label} applies it as well, and the same of it`);
  return decided(subject, "fail", `${label} applies it as well; remove it from one of the two`);
}

/** Nothing can be applied to what is on its way out. */
function decideLeaving(subject: Subject, live: Manifest, policy: Policy): Decision {
  const mode = driftModeOf(subject.desired, live, policy);
  if (subject.isRevised || mode === "heal")
    return decided(subject, "fail", "is being deleted; it is created again once it is gone");
  return decided(subject, "skip", "is being deleted in the cluster", { isDrift: mode === "warn" });
}

function decideNew(subject: Subject, prediction: Prediction | undefined, policy: Policy): Decision {
  const isDrift = !subject.isRevised;
  const mode = driftModeOf(subject.desired, undefined, policy);
  if (isDrift && mode !== "heal")
    return decided(subject, "skip", "was deleted in the cluster", { isDrift: mode === "warn" });
  if (prediction === undefined) return { needsPrediction: true };
  if (!prediction.ok) return decided(subject, "fail", prediction.refusal.message);
  return decided(subject, "create", isDrift ? "was deleted in the cluster" : "is not in the cluster", { isDrift });
}

function isKnownEqual(subject: Subject, live: Manifest, rules: OwnershipRules): boolean {
  const { reference, desired } = subject;
  if (reference !== undefined && reference.uid === live.metadata.uid) {
    if (reference.desiredHash === hashManifest(desired) && driftFrom(reference, live, rules).length === 0) return true;
  }
  return isCertainlyApplied(desired, live, rules);
}

const immutable = /immutable|field is immutable|may not change once set|updates to .* forbidden/i;

function decideRefused(subject: Subject, refusal: Refusal, isForced: boolean): Decision {
  // As in Flux, but for a write that met another: that is over with the next look, and no reason to delete anything.
  const isReplaceable =
    (refusal.reason === "Conflict" && !/object has been modified/.test(refusal.message)) ||
    refusal.reason === "Invalid" ||
    immutable.test(refusal.message);
  if (isForced && isReplaceable) return decided(subject, "recreate", refusal.message);
  return decided(subject, "fail", refusal.message);
}

type Differing = {
  live: Manifest;
  predicted: Manifest;
  rules: OwnershipRules;
  policy: Policy;
};

function decideDiffering(subject: Subject, context: Differing): Decision {
  const { live, predicted, rules, policy } = context;
  const cleanup = foreignFields(live, rules);
  const needsTakeOver = rivalEntries(live.metadata.managedFields, rules.manager, rules.takeOver).length > 0;
  const isCleaned = rules.takeOver.prefixes.length > 0 && hasLeftovers(live);
  const compared = compareObjects(withoutFields(live, rules.ignored), withoutFields(predicted, rules.ignored));
  const changes = withoutManager(mergeChanges(compared, cleanup), policy.manager);
  const isOwned = appliedEntry(live.metadata.managedFields, rules.manager) !== undefined;
  if (changes.length === 0 && isOwned && !isCleaned && !needsTakeOver)
    return decided(subject, "unchanged", "as in Git");
  const isDrift = !subject.isRevised && isOwned;
  const mode = driftModeOf(subject.desired, live, policy);
  const more = { changes, isDrift, needsTakeOver: needsTakeOver || isCleaned };
  if (isDrift && mode !== "heal") {
    const reason = mode === "warn" ? `differs from Git: ${listChanges(changes)}` : "drift is not looked at";
    return decided(subject, mode === "warn" ? "skip" : "unchanged", reason, more);
  }
  const reason = changes.length === 0 ? "ownership of fields is taken over" : listChanges(changes);
  return decided(subject, "configure", isOwned ? reason : `exists already and becomes managed: ${reason}`, more);
}

function mergeChanges(changes: FieldChange[], cleanup: FieldChange[]): FieldChange[] {
  const paths = new Set(changes.map((change) => change.path));
  return [...changes, ...cleanup.filter((change) => !paths.has(change.path))];
}

/** Our own name says nothing to a reader who asks who else was there. */
function withoutManager(changes: FieldChange[], manager: string): FieldChange[] {
  return changes.map((change) => ({ ...change, managers: change.managers.filter((name) => name !== manager) }));
}

/** The first few changes in one line. */
export function listChanges(changes: readonly FieldChange[], most = 3): string {
  const shown = changes.slice(0, most).map(formatChange).join("; ");
  return changes.length > most ? `${shown}; and ${changes.length - most} more` : shown;
}

function decided(subject: Subject, action: Action, reason: string, more: Partial<Step> = {}): Decision {
  const step: Step = {
    action,
    ref: refOf(subject.desired),
    reason,
    changes: [],
    isDrift: false,
    needsTakeOver: false,
    ...more,
  };
  return { needsPrediction: false, step };
}

/** One line for people: what is done to which object, and why. */
export function formatStep(step: Step): string {
  return `${formatRef(step.ref)}: ${step.reason}`;
}
