// What the engine knows of one delivery between passes. All of it can be lost: it is rebuilt from status and live objects.

import { type Manifest, type Read, refOf, type Rendering, type VersionedRef } from "#kernel";
import type { Masker } from "./masker.ts";
import type { LastRun } from "./looking.ts";
import type { ObjectRead } from "./object-reads.ts";
import type { Delivery, DriftNote, Hold, Outcome, Phase } from "./model.ts";

/** What a delivery wants to be there, made ready to plan. */
export type Desired = {
  rendering: Rendering;
  /** What was read to find encrypted files. */
  decryptionReads: readonly Read[];
  /** Everything that finishing depended on beside the rendering. */
  finishedBy: string;
  manifests: readonly Manifest[];
  /** refKey → manifest and its hash. */
  byKey: ReadonlyMap<string, { manifest: Manifest; hash: string }>;
  /** One hash over all manifests, marks included. */
  digest: string;
  /** Hash of the built text, as Flux takes it for history. */
  builtDigest: string;
  revision: string;
  /** Keeps what was decrypted for it out of messages. */
  masker: Masker | undefined;
  /** Objects that it was finished with, by the version at which they were read. */
  objects: ReadonlyMap<string, ObjectRead>;
};

/** A whole apply that succeeded. */
export type Applied = {
  digest: string;
  builtDigest: string;
  revision: string;
  generation: number;
  atMs: number;
  refs: readonly VersionedRef[];
  /** Objects that were left alone: in the inventory, but not waited for. */
  skipped: ReadonlySet<string>;
  leftOut: readonly Outcome[];
};

/** How often an object was healed of late, for telling a fight from a slip. */
export type HealLog = {
  /** The managers and fields of what was undone; another cause is another fight. */
  cause: string;
  timesMs: readonly number[];
  managers: readonly string[];
  restUntilMs: number;
};

export type DeliveryState = {
  delivery: Delivery;
  /** The object that describes it, as last seen. */
  object: Manifest;
  phase: Phase;
  phaseSinceMs: number;
  waitingFor: string | undefined;
  message: string;
  revision: string | undefined;
  isReady: boolean;
  /** True once a pass of this process has confirmed what status says. */
  isConfirmed: boolean;
  desired: Desired | undefined;
  applied: Applied | undefined;
  /** What `applied` brought about; still guarded when something newer is held back or cannot be built. */
  guarded: Desired | undefined;
  /** True once it was tried, after a start, to find what is applied though something else is offered. */
  isRecalled: boolean;
  /** Why something newer is not applied, and which revision that is. */
  hold: (Hold & { revision: string }) | undefined;
  inventory: readonly VersionedRef[];
  /** What the last attempt at something new did, for whoever asks. */
  last: LastRun | undefined;
  /** Objects to look at, since something happened to them. */
  touched: Map<string, VersionedRef>;
  heals: Map<string, HealLog>;
  drift: Map<string, DriftNote>;
  /** Keeps what was decrypted out of messages. */
  masker: Masker | undefined;
  /** Encrypted files whose MAC does not fit. */
  badMacs: readonly string[];
  /** Those that were told of. */
  toldMacs: string;
  /** The generation and request last reported as being worked on. */
  announced: string;
  /** When the present attempt began, and when it came to wait for health; over all its passes. */
  beganMs: number;
  checkingSinceMs: number | undefined;
  /** Set once its deletion was asked for: when the objects were told to go, and which are waited for. */
  removal: { atMs: number; refs: readonly VersionedRef[] } | undefined;
  /** Revision the next pass must not take for news. */
  attemptedRevision: string | undefined;
  lastFault: string;
  /** Passes in a row that failed for reasons that pass by themselves. */
  passingFailures: number;
  /** The revision at which all that it depends on is as before, so that nothing but the revision moves. */
  bumpedTo: string | undefined;
};

export function newState(delivery: Delivery, object: Manifest, nowMs: number): DeliveryState {
  const { remembered } = delivery;
  return {
    delivery,
    object,
    phase: delivery.isSuspended ? "suspended" : remembered.isReady ? "ready" : "waiting",
    phaseSinceMs: nowMs,
    waitingFor: undefined,
    message: "",
    revision: remembered.appliedRevision,
    isReady: remembered.isReady,
    isConfirmed: false,
    desired: undefined,
    applied: undefined,
    guarded: undefined,
    isRecalled: false,
    hold: undefined,
    inventory: remembered.inventory,
    last: undefined,
    touched: new Map(),
    heals: new Map(),
    drift: new Map(),
    masker: undefined,
    badMacs: [],
    toldMacs: "",
    announced: "",
    beganMs: nowMs,
    checkingSinceMs: undefined,
    removal: undefined,
    attemptedRevision: undefined,
    lastFault: "",
    passingFailures: 0,
    bumpedTo: undefined,
  };
}

/** The kinds of all that deliveries have applied or want to apply, as `group/Kind`. */
export function kindsOf(states: Iterable<DeliveryState>): Set<string> {
  const kinds = new Set<string>();
  for (const { inventory, desired } of states) {
    const wanted = (desired?.manifests ?? []).map((manifest) => refOf(manifest));
    for (const { group, kind } of [...inventory, ...wanted]) kinds.add(`${group}/${kind}`);
  }
  return kinds;
}
