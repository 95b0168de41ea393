// What a viewer may, asked of Kubernetes in the viewer's name (SelfSubjectAccessReview) and remembered for a short time. Who
// may everything is asked once; who may read a kind everywhere is not asked for each namespace.

import type { Cluster } from "#cluster";
import type { Clock } from "#kernel";
import { reviewsAtOnce, rightsMost, rightsTtlMs } from "./limits.ts";
import { clusterOf, type Viewer } from "./viewer.ts";

export type Wish = {
  verb: string;
  group: string;
  plural: string;
  /** "": everywhere, or a kind without namespaces. */
  namespace: string;
  subresource?: string;
  name?: string;
};

export type Verdict = { ok: true } | { ok: false; reason: string };

type Known = { verdict: Verdict; untilMs: number };

const everything: Omit<Wish, "namespace"> = { verb: "*", group: "*", plural: "*" };

export class Rights {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Verdict>>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Whether it is known to be allowed; undefined: it must be asked. */
  known(viewer: Viewer, wish: Wish): boolean | undefined {
    let isUnknown = false;
    for (const each of widening(wish)) {
      const known = this.#recall(keyOf(viewer, each));
      if (known?.verdict.ok === true) return true;
      if (known === undefined) isUnknown = true;
    }
    return isUnknown ? undefined : false;
  }

  /** Asks for the widest right first: most viewers have either all or little. */
  async may(viewer: Viewer, wish: Wish): Promise<Verdict> {
    let verdict: Verdict = { ok: false, reason: "" };
    for (const each of widening(wish)) {
      verdict = await this.#ask(viewer, each);
      if (verdict.ok) return verdict;
    }
    return verdict;
  }

  /** Those that are allowed. Equal wishes are asked once. */
  async sieve<T>(viewer: Viewer, items: readonly T[], wishOf: (item: T) => Wish): Promise<T[]> {
    const wishes = new Map<string, { wish: Wish; isAllowed: boolean }>();
    const keys = items.map((item) => {
      const wish = wishOf(item);
      const key = keyOf(viewer, wish);
      if (!wishes.has(key)) wishes.set(key, { wish, isAllowed: false });
      return key;
    });
    await Promise.all(
      [...wishes.values()].map(async (each) => {
        each.isAllowed = (await this.may(viewer, each.wish)).ok;
      }),
    );
    return items.filter((_, index) => wishes.get(keys[index] as string)?.isAllowed === true);
  }

  #recall(key: string): Known | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.untilMs > this.#clock.now() ? known : undefined;
  }

  #ask(viewer: Viewer, wish: Wish): Promise<Verdict> {
    const key = keyOf(viewer, wish);
    const known = this.#recall(key);
    if (known !== undefined) return Promise.resolve(known.verdict);
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    const started = this.#review(viewer, wish)
      .then((verdict) => {
        this.#remember(key, verdict);
        return verdict;
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, started);
    return started;
  }

  async #review(viewer: Viewer, wish: Wish): Promise<Verdict> {
    await this.#turn();
    try {
      const { verb, group, plural, namespace, subresource, name } = wish;
      const answer = await clusterOf(this.#cluster, viewer).review({
        verb,
        group,
        resource: plural,
        ...(namespace === "" ? {} : { namespace }),
        ...(subresource === undefined ? {} : { subresource }),
        ...(name === undefined ? {} : { name }),
      });
      if (answer.ok && answer.value.isAllowed) return { ok: true };
      return { ok: false, reason: reasonOf(viewer, wish, answer.ok ? answer.value.reason : answer.status.message) };
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    while (this.#running >= reviewsAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  #remember(key: string, verdict: Verdict): void {
    this.#known.delete(key);
    this.#known.set(key, { verdict, untilMs: this.#clock.now() + rightsTtlMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= rightsMost) break;
      this.#known.delete(oldest);
    }
  }
}

/** From everything, over the kind everywhere, to the wish itself. */
function widening(wish: Wish): Wish[] {
  const all: Wish = { ...everything, namespace: "" };
  if (wish.namespace === "" && wish.name === undefined) return [all, wish];
  const { name: _, ...kind } = wish;
  return [all, { ...kind, namespace: "" }, wish];
}

function keyOf(viewer: Viewer, { verb, group, plural, namespace, subresource = "", name = "" }: Wish): string {
  return `${viewer.id} ${verb} ${group} ${plural}/${subresource} ${namespace}/${name}`;
}

function reasonOf(viewer: Viewer, wish: Wish, why: string): string {
  const what = wish.subresource === undefined ? wish.plural : `${wish.plural}/${wish.subresource}`;
  const where = wish.namespace === "" ? "in all namespaces" : `in namespace ${wish.namespace}`;
  const because = why === "" ? "" : ` (${why})`;
  return `${viewer.user} may not ${wish.verb} ${wish.group === "" ? what : `${what}.${wish.group}`} ${where}${because}`;
}
