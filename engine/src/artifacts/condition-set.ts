// The conditions of one source object while it is worked on. Ready is derived from the others, as source-controller 1.9
// derives it: the first failure in a fixed order, or else what is stored.

import type { Condition } from "#api/flux";
import { conditionMessageMost } from "./limits.ts";

/** Conditions whose True is a failure, the gravest first. */
const failures: readonly string[] = [
  "StorageOperationFailed",
  "FetchFailed",
  "IncludeUnavailable",
  "BuildFailed",
  "ArtifactOutdated",
];
const shownOrder: readonly string[] = [
  "Reconciling",
  "Stalled",
  "Ready",
  ...failures,
  "ArtifactInStorage",
  "SourceVerified",
];

export type Mark = { reason: string; message: string };

type Status = "True" | "False" | "Unknown";

export class ConditionSet {
  readonly #before: readonly Condition[];
  readonly #now: string;
  readonly #generation: number;
  readonly #conditions = new Map<string, Condition>();

  constructor(before: readonly Condition[], at: { generation: number; now: string }) {
    this.#before = before;
    this.#now = at.now;
    this.#generation = at.generation;
    for (const condition of before) this.#conditions.set(condition.type, condition);
  }

  get(type: string): Condition | undefined {
    return this.#conditions.get(type);
  }

  is(type: string, status: Status): boolean {
    return this.#conditions.get(type)?.status === status;
  }

  set(type: string, status: Status, { reason, message }: Mark): void {
    const before = this.#before.find((condition) => condition.type === type);
    const current = this.#conditions.get(type);
    const since = [before, current].find((each) => each?.status === status)?.lastTransitionTime ?? this.#now;
    this.#conditions.set(type, {
      type,
      status,
      observedGeneration: this.#generation,
      lastTransitionTime: since,
      reason,
      message: message.slice(0, conditionMessageMost),
    });
  }

  remove(...types: readonly string[]): void {
    for (const type of types) this.#conditions.delete(type);
  }

  /** Work goes on. What will change the artifact makes Ready unknown; a first look does, too. */
  progress(message: string, isDrift: boolean): void {
    const mark = { reason: "Progressing", message };
    this.set("Reconciling", "True", mark);
    if (isDrift || this.get("Ready") === undefined) this.set("Ready", "Unknown", mark);
  }

  /** The pass has ended well. */
  succeed(): void {
    this.remove("Reconciling", "Stalled");
    this.#summarise();
  }

  /** The pass has failed: tried again, or stalled until the object is changed. */
  fail(mark: Mark, isStalled: boolean): void {
    const progress = this.get("Reconciling");
    if (isStalled) {
      this.remove("Reconciling");
      this.set("Stalled", "True", mark);
    } else {
      this.remove("Stalled");
      this.set("Reconciling", "True", { reason: "ProgressingWithRetry", message: progress?.message ?? mark.message });
    }
    this.#summarise();
    // What no condition of its own tells is told by Ready at least.
    if (this.is("Ready", "True")) this.set("Ready", "False", mark);
  }

  list(): Condition[] {
    const place = (type: string): number => {
      const index = shownOrder.indexOf(type);
      return index < 0 ? shownOrder.length : index;
    };
    return [...this.#conditions.values()].sort((a, b) => place(a.type) - place(b.type));
  }

  #summarise(): void {
    const failed = failures.map((type) => this.get(type)).find((each) => each?.status === "True");
    const unverified = this.get("SourceVerified");
    const stored = this.get("ArtifactInStorage");
    if (unverified?.status === "False") this.set("Ready", "False", unverified);
    else if (failed !== undefined) this.set("Ready", "False", failed);
    else if (stored !== undefined) this.set("Ready", stored.status, stored);
  }
}
