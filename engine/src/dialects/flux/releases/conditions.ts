// The conditions of one HelmRelease while it is worked on. Order, times and the summary in Ready follow Flux's own packages
// (runtime/conditions and helm-controller's summarize): others read them, and Flux itself may go on from them.

import type { Condition } from "#api/flux";
import { conditionMessageMost } from "./limits.ts";

export type ConditionType =
  | "Ready"
  | "Released"
  | "TestSuccess"
  | "Remediated"
  | "Drifted"
  | "Held"
  | "Reconciling"
  | "Stalled";

export type Verdict = "True" | "False" | "Unknown";

export class ReleaseConditions {
  #list: Condition[];
  readonly #generation: number;
  readonly #now: () => string;

  constructor(before: readonly Condition[], at: { generation: number; now: () => string }) {
    this.#list = before.map((condition) => ({ ...condition }));
    this.#generation = at.generation;
    this.#now = at.now;
  }

  list(): Condition[] {
    return this.#list.map((condition) => ({ ...condition }));
  }

  get(type: ConditionType): Condition | undefined {
    return this.#list.find((condition) => condition.type === type);
  }

  is(type: ConditionType, status: Verdict): boolean {
    return this.get(type)?.status === status;
  }

  set(type: ConditionType, status: Verdict, mark: { reason: string; message: string; since?: string }): void {
    const message = cut(mark.message);
    const before = this.get(type);
    const isSame = before?.status === status && before.reason === mark.reason && before.message === message;
    const since = before === undefined ? (mark.since ?? this.#now()) : this.#now();
    const next = {
      type,
      status,
      observedGeneration: this.#generation,
      lastTransitionTime: isSame ? before.lastTransitionTime : since,
      reason: mark.reason,
      message,
    };
    if (before === undefined) this.#list.push(next);
    else this.#list[this.#list.indexOf(before)] = next;
    this.#list.sort(inOrder);
  }

  remove(...types: readonly ConditionType[]): void {
    this.#list = this.#list.filter((condition) => !types.includes(condition.type as ConditionType));
  }

  /** Work goes on. */
  reconciling(reason: string, message: string): void {
    this.remove("Stalled");
    this.set("Reconciling", "True", { reason, message });
  }

  /** Nothing goes on until somebody changes something. */
  stalled(reason: string, message: string): void {
    this.remove("Reconciling");
    this.set("Stalled", "True", { reason, message });
  }

  /** A condition becomes another one, which has been so for as long. */
  replace(type: ConditionType, by: ConditionType, mark: { reason: string; message: string }): void {
    const before = this.get(type);
    if (before === undefined) return;
    this.remove(by, type);
    this.set(by, "True", { ...mark, since: before.lastTransitionTime });
  }

  /** A Ready that is False for one of these reasons is no more than unknown: what it names has passed. */
  passed(...reasons: readonly string[]): void {
    const ready = this.get("Ready");
    if (ready === undefined || !reasons.includes(ready.reason)) return;
    this.set("Ready", "Unknown", { reason: "Progressing", message: "reconciliation in progress" });
  }

  /** Ready says what the gravest and newest of the others says. */
  summarize(tests: { isEnabled: boolean; isIgnored: boolean }): void {
    if (!tests.isEnabled) this.remove("TestSuccess");
    const order: readonly string[] =
      tests.isEnabled && !tests.isIgnored ? ["Remediated", "TestSuccess", "Released"] : ["Remediated", "Released"];
    const [first] = stableSorted(this.#list, (a, b) => goesBefore(a, b, order));
    if (first === undefined) return;
    // A release that had to be remediated is no success.
    const status = first.type === "Remediated" ? "False" : first.status;
    if (status === "True") this.remove("Stalled");
    this.set("Ready", status, { reason: first.reason, message: first.message });
  }
}

function cut(message: string): string {
  return message.length <= conditionMessageMost ? message : `${message.slice(0, conditionMessageMost - 3)}...`;
}

const weights: { readonly [type: string]: number } = { Stalled: 0, Reconciling: 1, Ready: 2 };

function inOrder(a: Condition, b: Condition): number {
  const [first, second] = [weights[a.type], weights[b.type]];
  if (first !== undefined && second !== undefined) return first - second;
  if (first !== undefined || second !== undefined) return second === undefined ? -1 : 1;
  const newer = (b.observedGeneration ?? 0) - (a.observedGeneration ?? 0);
  if (newer !== 0) return newer;
  return a.type < b.type ? -1 : 1;
}

function goesBefore(a: Condition, b: Condition, order: readonly string[]): boolean {
  const [first, second] = [order.indexOf(a.type), order.indexOf(b.type)];
  if (first < 0) return false;
  if (second < 0) return true;
  return (a.observedGeneration ?? 0) >= (b.observedGeneration ?? 0) && first < second;
}

/** By insertion, as Go sorts short lists: what `isLess` says is no order, so that the way matters. */
function stableSorted<T>(list: readonly T[], isLess: (a: T, b: T) => boolean): T[] {
  const sorted = [...list];
  for (let i = 1; i < sorted.length; i++) {
    for (let j = i; j > 0 && isLess(sorted[j] as T, sorted[j - 1] as T); j--)
      [sorted[j], sorted[j - 1]] = [sorted[j - 1] as T, sorted[j] as T];
  }
  return sorted;
}
