// The clusters that deliveries apply to, beside the one they live in: connected by a kubeconfig or a cloud's identity, asked
// whether they answer before any pass waits for them, and left when nobody names them any more.
//
// No pass waits for a cluster that does not answer: it ends at once, and comes back when the cluster does.

import { connectCluster, type HttpCluster } from "#cluster";
import { type Clock, Fault, faultFrom } from "#kernel";
import { keyedHash } from "#secrets/keys";
import { DeliveryFault } from "./faults.ts";
import { Kinds } from "./kinds.ts";
import { passesPerTarget, targetProbeMs } from "./limits.ts";
import { Live, type LiveOptions } from "./live.ts";
import { type Delivery, targetKey, type TargetRef } from "./model.ts";
import type { Reach } from "./pass.ts";
import { type ReachedBy, TargetAccess, type TargetAccessOptions } from "./target-access.ts";

export type TargetsOptions = TargetAccessOptions &
  Pick<LiveOptions, "expressions" | "noted"> & {
    home: Reach;
    clock: Clock;
    signal: AbortSignal;
    /** A cluster answers, or does not any more: its deliveries should look. */
    changed: (target: string) => void;
  };

type Target = {
  /** Keyed hash of how it is reached: another one is another connection. */
  hash: string;
  cluster: HttpCluster;
  reach: Reach;
  ending: AbortController;
  /** "asked": no answer yet, or none for a while. */
  state: "answers" | "asked";
  failure: Fault | undefined;
  failures: number;
  nextProbeMs: number;
  isProbing: boolean;
  running: number;
};

/** Whatever names the cluster it applies to. */
export type Targeted = Pick<Delivery, "target">;

export class Targets {
  readonly #options: TargetsOptions;
  readonly #access: TargetAccess;
  readonly #targets = new Map<string, Target>();

  constructor(options: TargetsOptions) {
    this.#options = options;
    this.#access = new TargetAccess(options, options.home);
  }

  /** What is known of a delivery's cluster without asking it. */
  known(delivery: Targeted): Reach | undefined {
    if (delivery.target === undefined) return this.#options.home;
    return this.#targets.get(targetKey(delivery.target))?.reach;
  }

  /** Runs a pass against a delivery's cluster. Throws a waiting DeliveryFault when that does not answer, or has its share of passes. */
  async with<T>(delivery: Targeted, run: (reach: Reach) => Promise<T>): Promise<T> {
    if (delivery.target === undefined) return run(this.#options.home);
    const target = await this.#open(delivery.target);
    this.#requireAnswer(delivery.target, target);
    if (target.running >= passesPerTarget) throw busy(target);
    target.running += 1;
    try {
      return await run(target.reach);
    } catch (thrown) {
      if (faultFrom(thrown).code === "cluster-failed") this.#lost(target, faultFrom(thrown));
      throw thrown;
    } finally {
      target.running -= 1;
    }
  }

  /** False when what names the cluster is gone: then nothing can be done there any more. */
  async exists(delivery: Targeted): Promise<boolean> {
    return delivery.target === undefined || this.#access.exists(delivery.target);
  }

  /** Leaves the clusters that no delivery names. */
  keep(deliveries: Iterable<Targeted>): void {
    const named = new Set([...deliveries].map((delivery) => targetKey(delivery.target)));
    for (const [key, target] of this.#targets) if (!named.has(key)) this.#leave(key, target);
  }

  close(): void {
    for (const [key, target] of this.#targets) this.#leave(key, target);
  }

  async #open(ref: TargetRef): Promise<Target> {
    const key = targetKey(ref);
    const by = await this.#access.read(ref);
    const hash = keyedHash(by.identity);
    const known = this.#targets.get(key);
    if (known?.hash === hash) return known;
    if (known !== undefined) this.#leave(key, known);
    const target = this.#connect(by, hash);
    this.#targets.set(key, target);
    return target;
  }

  #connect(by: ReachedBy, hash: string): Target {
    const { clock, signal, expressions, noted } = this.#options;
    const ending = new AbortController();
    const cluster = connectCluster(by.connection, { clock, userAgent: "keelson" });
    const whole = AbortSignal.any([signal, ending.signal]);
    const live = new Live({ cluster, clock, signal: whole, expressions, noted });
    const reach = { cluster, kinds: new Kinds(cluster), live };
    return {
      hash,
      cluster,
      reach,
      ending,
      state: "asked",
      failure: undefined,
      failures: 0,
      nextProbeMs: 0,
      isProbing: false,
      running: 0,
    };
  }

  #requireAnswer(ref: TargetRef, target: Target): void {
    if (target.state === "answers") return;
    if (!target.isProbing && this.#options.clock.now() >= target.nextProbeMs) void this.#probe(targetKey(ref), target);
    const cause = target.failure;
    throw new DeliveryFault({
      code: "cluster-failed",
      disposition: cause === undefined ? "wait" : "retry",
      at: target.cluster.name,
      message: cause === undefined ? "asking the cluster" : "the cluster does not answer",
      hint:
        cause === undefined
          ? "it is applied to as soon as it answers"
          : "is its address right, and reachable from here?",
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** Asks in the background: no pass is held up by the answer. */
  async #probe(key: string, target: Target): Promise<void> {
    target.isProbing = true;
    const answer = await target.cluster.discover(true).catch((thrown: unknown) => ({ ok: false as const, thrown }));
    target.isProbing = false;
    if (target.ending.signal.aborted) return;
    if (answer.ok) Object.assign(target, { state: "answers", failure: undefined, failures: 0 });
    else {
      const status = "status" in answer ? answer.status : undefined;
      const message = status?.message ?? faultFrom("thrown" in answer ? answer.thrown : undefined).message;
      this.#lost(target, new Fault({ code: "cluster-failed", disposition: "retry", message }));
    }
    this.#options.changed(key);
  }

  #lost(target: Target, failure: Fault): void {
    const { least, most } = targetProbeMs;
    const delayMs = Math.min(most, least * 2 ** target.failures);
    const nextProbeMs = this.#options.clock.now() + delayMs;
    Object.assign(target, { state: "asked", failure, failures: target.failures + 1, nextProbeMs });
  }

  #leave(key: string, target: Target): void {
    this.#targets.delete(key);
    target.ending.abort();
    target.cluster.close();
  }
}

/** Others of the same cluster go first; a slow cluster gets no more than its share of all passes. */
function busy(target: Target): DeliveryFault {
  return new DeliveryFault({
    code: "cluster-busy",
    disposition: "wait",
    at: target.cluster.name,
    message: "other deliveries are being applied to this cluster",
  });
}
