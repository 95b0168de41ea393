// The one internal model of a delivery: what to render from where, and how to apply it. Dialects translate Kubernetes
// objects to it and results back; nothing here knows any of them.

import type { Identity } from "#cluster";
import type { HealthExpressions } from "#health";
import type { Fault, JsonObject, Manifest, VersionedRef } from "#kernel";
import type { FieldChange, Policy } from "#plan";
import type { Guard } from "./guard.ts";
import type { Version } from "./touches.ts";

export type SourceRef = { kind: string; namespace: string; name: string };

/** An object that must be ready first: another delivery, or anything else that lives in the same cluster. */
export type Dependency = {
  key: string;
  ref: VersionedRef;
  /** As people read it. */
  label: string;
  /** A CEL expression that replaces the usual test. */
  readyExpression?: string;
  /** True when the usual test must hold as well. */
  isAdditive?: boolean;
  /** True when only whether it is ready may be told, not why it is not. */
  isDiscreet?: boolean;
};

export type VariableSource = { kind: "ConfigMap" | "Secret"; namespace: string; name: string; isOptional: boolean };

export type Substitution = {
  /** Inline values; they win. */
  values: { readonly [name: string]: string };
  /** Objects whose data are values; later ones win. */
  from: readonly VariableSource[];
  /** Substitutes also when there are no variables at all. */
  isAlways: boolean;
  /** The mark that keeps an object out, `disabled` to the letter. */
  mark: string;
  /** False: a variable that is not set is empty text. */
  isStrict: boolean;
};

/** Whose keys open encrypted content, all in the namespace of the delivery. */
export type DecryptionSpec = {
  /** The Secret with the keys. */
  secret: { namespace: string; name: string } | undefined;
  /** The ServiceAccount that asks key services. */
  serviceAccount: { namespace: string; name: string } | undefined;
  /** The annotation that leaves an object encrypted, `disabled`. */
  mark: string;
  /** True: a file whose MAC is wrong is refused. By default it is said and applied, as Flux applies it silently. */
  isMacRequired: boolean;
};

/** What names another cluster, in the namespace of the delivery. */
export type TargetRef = {
  kind: "Secret" | "ConfigMap";
  namespace: string;
  name: string;
  /** The Secret's key with the kubeconfig; undefined: `value`, or `value.yaml`. */
  key: string | undefined;
  /** The ServiceAccount that asks a cloud where a ConfigMap names none. */
  defaultServiceAccount: string | undefined;
};

export type Wait = { kind: "none" } | { kind: "all" } | { kind: "some"; refs: readonly VersionedRef[] };

/** What the describing object's status remembers from earlier passes. */
export type Remembered = {
  inventory: readonly VersionedRef[];
  appliedRevision: string | undefined;
  attemptedRevision: string | undefined;
  observedGeneration: number;
  handledRequest: string | undefined;
  isReady: boolean;
  /** Digest of what was last applied with success. */
  appliedDigest: string | undefined;
};

export type Delivery = {
  /** Unique among all dialects; see `keyOf`. */
  key: string;
  /** The object that describes this delivery. */
  ref: VersionedRef;
  uid: string;
  generation: number;
  source: SourceRef;
  /** Folder in the source. */
  path: string;
  renderer: { name: string; options: JsonObject };
  /** The cluster that is applied to; undefined: the one that the delivery lives in. */
  target: TargetRef | undefined;
  /** Who applies; undefined: the engine itself. */
  identity: Identity | undefined;
  policy: Policy;
  /** `group/Kind` of kinds with a stage of their own. */
  stagedKinds: ReadonlySet<string>;
  substitution: Substitution | undefined;
  commonMetadata: { labels: { [key: string]: string }; annotations: { [key: string]: string } };
  /** How encrypted content is decrypted; undefined: it is refused. */
  decryption: DecryptionSpec | undefined;
  /** Why an object is not applied though it is in the source; undefined: it is. */
  leaveOut: (manifest: Manifest) => string | undefined;
  /** ConfigMaps and Secrets that this delivery reads; the watched ones start a pass when they change. */
  watched: readonly { kind: "ConfigMap" | "Secret"; namespace: string; name: string }[];
  /** False: bases and files elsewhere are refused. */
  hasRemoteBases: boolean;
  wait: Wait;
  /** True when one failed object ends the wait for all. */
  failsFast: boolean;
  /** How to judge kinds whose status nothing else can read. */
  healthExpressions: readonly HealthExpressions[];
  timeoutMs: number;
  intervalMs: number;
  retryIntervalMs: number;
  /** How soon a missing source or dependency is looked at again when nothing says so. */
  dependencyRetryMs: number;
  dependsOn: readonly Dependency[];
  /** When its content may be applied. */
  guard: Guard;
  isSuspended: boolean;
  isDeleting: boolean;
  /** What becomes of the applied objects when the delivery is deleted. */
  deletion: { isPruned: boolean; isAwaited: boolean };
  /** The token of a person's request to reconcile now. */
  request: string | undefined;
  remembered: Remembered;
};

export type Phase =
  | "waiting"
  | "rendering"
  | "applying"
  | "pruning"
  | "checking"
  | "ready"
  | "held"
  | "failed"
  | "suspended"
  | "deleting";

/** What happened to one object. */
export type OutcomeWord = "created" | "configured" | "unchanged" | "recreated" | "pruned" | "skipped" | "failed";

export type Outcome = {
  ref: VersionedRef;
  word: OutcomeWord;
  reason: string;
  changes: readonly FieldChange[];
  isDrift: boolean;
  /** The versions in which others changed the object, or removed it, as far as they were seen. */
  touchedIn?: readonly Version[];
};

/** `by`: who did it, where that is known. */
export type DriftNote = {
  ref: VersionedRef;
  changes: readonly FieldChange[];
  reason: string;
  by: readonly string[];
};

/** Something that is kept from being done for now, and what ends that. */
export type Hold = {
  reason: "Paused" | "FreezeWindow" | "ApprovalRequired" | "PruneLimitExceeded" | "Pinned";
  message: string;
  /** When it ends by itself. */
  untilMs?: number;
};

/** The result of a pass, as far as it came; what a dialect writes into status. */
export type Report = {
  delivery: Delivery;
  phase: Phase;
  /** Of the source that was tried. */
  revision: string | undefined;
  originRevision: string | undefined;
  /** Set when the whole pass succeeded. */
  isApplied: boolean;
  /** undefined: as it was. */
  inventory: readonly VersionedRef[] | undefined;
  fault: Fault | undefined;
  /** What is waited for, in words. */
  waitingFor: string | undefined;
  leftOut: readonly Outcome[];
  /** Differences that are reported and left, or fought over. */
  drift: readonly DriftNote[];
  /** Hash of what was built, as Flux takes it. */
  digest: string | undefined;
  /** Why what is in Git, or a deletion, waits for a person or a time. */
  held: Hold | undefined;
  /** undefined: nothing was waited for. */
  isHealthy: boolean | undefined;
  /** True when nobody looked at health: what is said of it stays. */
  isHealthKept: boolean;
  /** How long health was waited for. */
  checkedMs: number;
  startedMs: number;
  nowMs: number;
  handledRequest: string | undefined;
  /** True when only the revision moved: nothing of the delivery is otherwise in it. */
  isBump: boolean;
  /** False when nothing happened that a reader would want to know: history and times stay as they are. */
  isNews: boolean;
};

/** What a dialect makes of an object of one of its kinds. */
export type Reading =
  | { is: "delivery"; delivery: Delivery }
  /** The object cannot become a delivery; the fault says why. */
  | { is: "refused"; fault: Fault }
  /** Not ours to reconcile. */
  | { is: "foreign" };

/** Translates one family of kinds to deliveries and their results back to its status. */
export interface Dialect {
  readonly name: string;
  readonly kinds: readonly { group: string; kind: string }[];
  readonly statusManager: string;
  /** Who Events are from. */
  readonly eventSource: string;
  /** Describing objects that are looked at: a label selector; undefined: all. */
  readonly selector: string | undefined;
  readonly finalizer: string;
  /** The label by which applied objects are watched. */
  readonly ownerLabel: string;
  /** A label on ConfigMaps and Secrets whose change is looked at at once, as `key=value`. */
  readonly watchSelector: string;
  read(object: Manifest): Reading;
  /** The whole next status. */
  writeStatus(object: Manifest, report: Report): JsonObject;
  /** The next status of an object that could not be read. */
  writeRefusal(object: Manifest, fault: Fault, nowMs: number): JsonObject;
  /** The reason that conditions and Events give for a fault. */
  reasonOf(fault: Fault): string;
  /** Annotations of the Events about a revision. */
  annotationsOf(report: Pick<Report, "revision" | "originRevision" | "isApplied">): { [key: string]: string };
}

export function deliveryKey(ref: { group: string; kind: string; namespace: string; name: string }): string {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** A name for a target, equal for equal references. */
export function targetKey(target: TargetRef | undefined): string {
  return target === undefined ? "" : `${target.kind}/${target.namespace}/${target.name}/${target.key ?? ""}`;
}
