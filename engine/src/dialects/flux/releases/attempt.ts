// One pass over one HelmRelease while it runs: its status as it becomes, its conditions, what it writes and tells. Everything
// that others may see goes through here.

import {
  eventGroup,
  forceAtAnnotation,
  helmGroup,
  type HelmRelease,
  type HelmReleaseStatus,
  requestedAtAnnotation,
  resetAtAnnotation,
} from "#api/flux";
import type { Resource } from "#cluster";
import type { EventInput, JournalEntry } from "#delivery";
import { type Clock, formatTime, type JsonObject, type Manifest, refOf } from "#kernel";
import { ReleaseConditions } from "./conditions.ts";
import { commonMetadataDigest, postRenderersDigest } from "./digests.ts";
import { helmManager } from "./names.ts";

/** How an attempt reaches the world. */
export type AttemptPorts = {
  clock: Clock;
  resource: Resource;
  /** The object as last seen, on which status is written. */
  object: () => Manifest;
  writeStatus: (wish: { resource: Resource; object: Manifest; status: JsonObject; manager: string }) => Promise<void>;
  tell: (event: EventInput) => void;
  /** Takes what is kept in the journal. */
  note: (entry: JournalEntry) => void;
  /** Takes out what must not be told. */
  masked: (text: string) => string;
};

/** What status says of attempts, and of what failed in them. */
const attemptMembers: ReadonlySet<string> = new Set([
  "storageNamespace",
  "lastAttemptedGeneration",
  "lastAttemptedRevision",
  "lastAttemptedRevisionDigest",
  "lastAttemptedConfigDigest",
  "failures",
  "installFailures",
  "upgradeFailures",
]);

/** Whatever an event says of a release. */
export type Told = { revision?: string; token?: string; appVersion?: string; ociDigest?: string | undefined };

export class Attempt {
  readonly object: HelmRelease;
  readonly conditions: ReleaseConditions;
  status: HelmReleaseStatus;
  /** The action that status says is running, though nobody runs it: who did was killed. */
  interrupted: string | undefined;
  readonly #ports: AttemptPorts;

  constructor(ports: AttemptPorts) {
    this.#ports = ports;
    this.object = ports.object() as unknown as HelmRelease;
    this.status = { ...this.object.status };
    const running = this.status.conditions?.find(
      ({ type, reason }) => type === "Reconciling" && reason === "Progressing",
    );
    this.interrupted = /^Running '(\w+)' action/.exec(running?.message ?? "")?.[1];
    this.conditions = new ReleaseConditions(this.status.conditions ?? [], {
      generation: this.generation,
      now: () => formatTime(ports.clock.now()),
    });
  }

  get generation(): number {
    return this.object.metadata.generation ?? 0;
  }

  get namespace(): string {
    return this.object.metadata.namespace ?? "";
  }

  /** Writes the status as it is now, where that differs. */
  async save(): Promise<void> {
    this.status.conditions = this.conditions
      .list()
      .map((condition) => ({ ...condition, message: this.masked(condition.message) }));
    const status = JSON.parse(JSON.stringify(withoutZeros(this.status))) as JsonObject;
    const { resource, object, writeStatus } = this.#ports;
    await writeStatus({ resource, object: object(), status, manager: helmManager });
  }

  /** The end of a pass: the request is answered, and the generation observed where nothing of it is left to do. */
  async finish({ isObserved }: { isObserved: boolean }): Promise<void> {
    const requested = this.object.metadata.annotations?.[requestedAtAnnotation];
    if (requested !== undefined) this.status.lastHandledReconcileAt = requested;
    if (isObserved) this.status.observedGeneration = this.generation;
    await this.save();
  }

  /** True once for each request of a person to upgrade whatever the state is. */
  takeForce(): boolean {
    return this.#take(forceAtAnnotation, "lastHandledForceAt");
  }

  /** True once for each request to count failures anew. */
  takeReset(): boolean {
    return this.#take(resetAtAnnotation, "lastHandledResetAt");
  }

  /** A token counts where it equals that of the request itself, and neither has been handled. */
  #take(annotation: string, member: "lastHandledForceAt" | "lastHandledResetAt"): boolean {
    const { annotations = {} } = this.object.metadata;
    const token = annotations[annotation];
    if (token === undefined) return false;
    const handled = this.status[member];
    this.status[member] = token;
    const requested = annotations[requestedAtAnnotation];
    return token === requested && this.status.lastHandledReconcileAt !== requested && handled !== token;
  }

  clearFailures(): void {
    const { failures: _f, installFailures: _i, upgradeFailures: _u, ...rest } = this.status;
    this.status = rest;
  }

  /** Nothing was attempted after all: what status says of attempts and failures is as it was. */
  forgetAttempt(before: HelmReleaseStatus): void {
    const isKept = (member: string): boolean => attemptMembers.has(member);
    const others = Object.entries(this.status).filter(([member]) => !isKept(member));
    const former = Object.entries(before).filter(([member]) => isKept(member));
    this.status = Object.fromEntries([...others, ...former]);
  }

  clearHistory(): void {
    const { history: _, ...rest } = this.status;
    this.status = rest;
  }

  countFailure(action?: "install" | "upgrade"): void {
    if (action === undefined) this.status.failures = (this.status.failures ?? 0) + 1;
    if (action === "install") this.status.installFailures = (this.status.installFailures ?? 0) + 1;
    if (action === "upgrade") this.status.upgradeFailures = (this.status.upgradeFailures ?? 0) + 1;
  }

  /** Ready follows from the other conditions; what was applied follows from the spec. */
  summarize(): void {
    const { test, postRenderers, commonMetadata } = this.object.spec;
    this.conditions.summarize({ isEnabled: test?.enable ?? false, isIgnored: test?.ignoreFailures ?? false });
    this.status.observedPostRenderersDigest = postRenderersDigest(postRenderers);
    this.status.observedCommonMetadataDigest = commonMetadataDigest(commonMetadata);
  }

  tell(event: { isWarning?: boolean; reason: string; message: string }, told: Told = {}): void {
    const annotations: { [key: string]: string } = {};
    for (const [key, value] of Object.entries(this.object.metadata.annotations ?? {}))
      if (key.startsWith(`${eventGroup}/`)) annotations[key] = value;
    const members = {
      revision: told.revision,
      token: told.token,
      "app-version": told.appVersion,
      "oci-digest": told.ociDigest,
    };
    for (const [key, value] of Object.entries(members))
      if (value !== undefined && value !== "") annotations[`${helmGroup}/${key}`] = value;
    this.#ports.tell({
      ref: refOf(this.#ports.object()),
      uid: this.object.metadata.uid ?? "",
      isWarning: event.isWarning ?? false,
      reason: event.reason,
      message: this.masked(event.message),
      annotations,
    });
  }

  /** Keeps in the journal what became of an action on the newest release. */
  noteApplied(done: { result: string; message: string; tookMs: number; revision?: string }): void {
    const [newest] = this.status.history ?? [];
    const revision = done.revision ?? newest?.chartVersion ?? "";
    this.note({
      what: "applied",
      ...done,
      revision,
      digest: newest?.configDigest ?? "",
      message: this.masked(done.message),
    });
  }

  note(entry: JournalEntry): void {
    this.#ports.note(entry);
  }

  masked(text: string): string {
    return this.#ports.masked(text);
  }
}

/** Go leaves out what is zero or empty. */
function withoutZeros(status: HelmReleaseStatus): HelmReleaseStatus {
  const entries = Object.entries(status).filter(
    ([, value]) => value !== undefined && value !== 0 && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries);
}
