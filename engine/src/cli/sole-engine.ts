// One engine a cluster, or one a shard of it: a Lease says who it is. Whoever finds it held steps back; whoever loses it must
// stop writing. As Flux's controllers do, each selector has a Lease of its own: that no two overlap is up to who writes them.
// https://kubernetes.io/docs/concepts/architecture/leases/

import type { Cluster, Resource, Target } from "#cluster";
import { type Clock, Fault, formatMicroTime, type Manifest, sha256Hex } from "#kernel";
import { discover, resourceOf, valueIfFound, valueOf } from "./answers.ts";
import type { CliCode } from "./faults.ts";
import { fieldOf, textOf } from "./flux-objects.ts";
import { endlessSeconds, leaseRenewMs, leaseSeconds } from "./limits.ts";
import { targetOf } from "./waiting.ts";

const namespace = "keelson-system";
const manager = "keelson";

export type SoleEngineOptions = {
  cluster: Cluster;
  clock: Clock;
  /** Who we are: host and process. */
  holder: string;
  /** The labels of what this engine looks after; undefined: everything. */
  selector?: string | undefined;
  /** Called once when another took the Lease, or the server was away for longer than it lasts. */
  lost: () => void;
};

/** Takes the Lease and keeps it. Fault `busy` when another engine holds it. The function returned gives it back. */
export async function becomeSoleEngine(options: SoleEngineOptions): Promise<() => Promise<void>> {
  const { clock } = options;
  const keeper = new Keeper(options, await findLease(options));
  await keeper.take();
  let cancel = (): void => undefined;
  const renew = (): void => {
    cancel = clock.after(leaseRenewMs, () => {
      void keeper.renew().then((isKept) => (isKept ? renew() : options.lost()));
    });
  };
  renew();
  return async () => {
    cancel();
    await keeper.release();
  };
}

/**
 * Takes the Lease of the control plane in this very process, whoever held it, for as long as that serves: with it the engine
 * comes and goes, so nothing is renewed.
 */
export async function claimOwnCluster(options: Omit<SoleEngineOptions, "lost">): Promise<void> {
  const { cluster } = options;
  const target = await findLease(options);
  const lease = leaseOf(target.name, { ...options, before: undefined, seconds: endlessSeconds });
  valueOf(
    await cluster.apply(target, lease, { fieldManager: manager, isForced: true }),
    "writing the Lease of the engine",
  );
}

/** Where the Lease stands, in a namespace that is there from now on. */
async function findLease({ cluster, selector }: Pick<SoleEngineOptions, "cluster" | "selector">): Promise<Target> {
  const discovery = await discover(cluster);
  await ensureNamespace(cluster, resourceOf(discovery, { group: "", kind: "Namespace", version: "v1" }));
  return targetOf(
    resourceOf(discovery, { group: "coordination.k8s.io", kind: "Lease" }),
    namespace,
    leaseName(selector),
  );
}

function leaseName(selector: string | undefined): string {
  return selector === undefined ? "keelson" : `keelson-${sha256Hex(selector).slice(0, 10)}`;
}

async function ensureNamespace(cluster: Cluster, resource: Resource): Promise<void> {
  const target = targetOf(resource, "", namespace);
  if (valueIfFound(await cluster.get(target), `reading namespace ${namespace}`) !== undefined) return;
  const manifest: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  valueOf(await cluster.apply(target, manifest, { fieldManager: manager }), `creating namespace ${namespace}`);
}

class Keeper {
  readonly #options: SoleEngineOptions;
  readonly #target: Target;
  /** As the server last showed it to us: a write on anything newer is refused. */
  #lease: Manifest | undefined;
  #renewedMs = 0;
  #isEnded = false;

  constructor(options: SoleEngineOptions, target: Target) {
    this.#options = options;
    this.#target = target;
  }

  async take(): Promise<void> {
    const { cluster, clock, holder } = this.#options;
    const found = valueIfFound(await cluster.get(this.#target), "reading the Lease of the engine");
    const other = textOf(found, "spec", "holderIdentity");
    if (found !== undefined && other !== "" && other !== holder && isFresh(found, clock.now())) throw held(other);
    const written =
      found === undefined
        ? await cluster.create(this.#target, this.#manifest(undefined), { fieldManager: manager })
        : await cluster.update(this.#target, this.#manifest(found), { fieldManager: manager });
    if (!written.ok && written.status.code === 409) throw held("an engine that started at the same moment");
    this.#lease = valueOf(written, "writing the Lease of the engine");
    this.#renewedMs = clock.now();
  }

  /** False when the Lease is another's now, or ran out while the server was away. */
  async renew(): Promise<boolean> {
    if (this.#isEnded || this.#lease === undefined) return true;
    const { cluster, clock } = this.#options;
    const written = await cluster.update(this.#target, this.#manifest(this.#lease), { fieldManager: manager });
    if (written.ok) {
      this.#lease = written.value;
      this.#renewedMs = clock.now();
      return true;
    }
    if (written.status.code === 409 || written.status.code === 404) return this.#isEnded;
    return clock.now() - this.#renewedMs < leaseSeconds * 1000;
  }

  /** The next engine need not wait until it runs out. */
  async release(): Promise<void> {
    this.#isEnded = true;
    if (this.#lease === undefined) return;
    const spec = { ...(this.#lease["spec"] as object), holderIdentity: "" };
    await this.#options.cluster.update(this.#target, { ...this.#lease, spec }, { fieldManager: manager });
  }

  #manifest(before: Manifest | undefined): Manifest {
    return leaseOf(this.#target.name, { ...this.#options, before, seconds: leaseSeconds });
  }
}

type Holding = { clock: Clock; holder: string; before: Manifest | undefined; seconds: number };

function leaseOf(name: string, { clock, holder, before, seconds }: Holding): Manifest {
  const time = formatMicroTime(clock.now());
  const isSame = textOf(before, "spec", "holderIdentity") === holder;
  const acquired = isSame ? textOf(before, "spec", "acquireTime") : time;
  const spec = { holderIdentity: holder, leaseDurationSeconds: seconds, acquireTime: acquired, renewTime: time };
  const metadata = before?.metadata ?? { name, namespace };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

function isFresh(lease: Manifest, nowMs: number): boolean {
  const renewed = Date.parse(textOf(lease, "spec", "renewTime"));
  const seconds = Number(fieldOf(lease, "spec", "leaseDurationSeconds") ?? leaseSeconds);
  return !Number.isNaN(renewed) && renewed + seconds * 1000 > nowMs;
}

function held(other: string): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "busy",
    disposition: "stall",
    message: `another engine works on this cluster: ${other}`,
    hint: `stop it there; if it is gone, its Lease runs out within ${leaseSeconds} s`,
  });
}
