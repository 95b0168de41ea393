// Addresses for pods, one a pod, out of its node's range; kept by uid until the pod is gone.

import type { Node, Pod } from "./types.ts";
import type { World } from "./world.ts";

/** For nodes that somebody else made without a range. */
const otherRange = "10.250";

export class Addresses {
  readonly #world: World;
  readonly #byUid = new Map<string, string>();
  readonly #used = new Set<string>();
  #next = 1;

  constructor(world: World) {
    this.#world = world;
  }

  /** What the pod has already, or a free one. A pod on its host's network has the host's. */
  of(pod: Pod, node: Node | undefined, hostIP: string): string {
    if (pod.spec.hostNetwork === true) return hostIP;
    const uid = pod.metadata.uid ?? "";
    const known = this.#byUid.get(uid) ?? pod.status?.podIP;
    if (known !== undefined) return this.#take(uid, known);
    if (this.#used.size === 0) this.#readUsed();
    const range = /^(\d+\.\d+)\.0\.0\/16$/.exec(node?.spec?.podCIDR ?? "")?.[1] ?? otherRange;
    for (let tries = 0; tries < 65_000; tries++) {
      const number = (this.#next++ % 65_000) + 2;
      const address = `${range}.${number >> 8}.${number & 255}`;
      if (!this.#used.has(address)) return this.#take(uid, address);
    }
    return hostIP;
  }

  release(pod: Pod): void {
    const address = this.#byUid.get(pod.metadata.uid ?? "") ?? pod.status?.podIP;
    this.#byUid.delete(pod.metadata.uid ?? "");
    if (address !== undefined) this.#used.delete(address);
  }

  #take(uid: string, address: string): string {
    this.#byUid.set(uid, address);
    this.#used.add(address);
    return address;
  }

  /** After a restart: what the pods' statuses say. */
  #readUsed(): void {
    for (const pod of this.#world.pods.values())
      if (pod.status?.podIP !== undefined && pod.spec.hostNetwork !== true)
        this.#take(pod.metadata.uid ?? "", pod.status.podIP);
  }
}
