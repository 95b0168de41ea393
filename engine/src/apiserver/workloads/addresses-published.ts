// Addresses that a cloud or an ingress controller would publish: in the status of LoadBalancer Services and of Ingresses.
// Out of TEST-NET-3, which is kept for documentation: nothing answers there.

import { WorkQueue } from "#controller";
import { sha256Hex } from "#kernel";
import { retryBackOff } from "./limits.ts";
import type { Ingress, Service } from "./types.ts";
import { keyOf, type WatchedKind } from "./watched-kind.ts";
import { controllerManager, type World } from "./world.ts";

/** One of 254, the same for the same object as long as it lives. */
export function publishedAddress(uid: string): string {
  return `203.0.113.${(Number.parseInt(sha256Hex(uid).slice(0, 6), 16) % 254) + 1}`;
}

/** The loop over Services. */
export class LoadBalancers {
  readonly queue: WorkQueue;
  readonly #services: WatchedKind<Service>;

  constructor(world: World) {
    this.#services = world.services;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    this.#services.subscribe((current) => {
      if (current !== undefined && needsChange(current)) this.queue.add(keyOf(current), "spec");
    });
  }

  async reconcile(key: string): Promise<void> {
    const service = this.#services.byKey(key);
    if (service === undefined || !needsChange(service)) return;
    const ip = service.spec.loadBalancerIP ?? publishedAddress(service.metadata.uid ?? "");
    const loadBalancer = isBalanced(service) ? { ingress: [{ ip, ipMode: "VIP" }] } : {};
    await this.#services.updateStatus(service, { ...service.status, loadBalancer }, controllerManager);
  }
}

function isBalanced(service: Service): boolean {
  return service.spec.type === "LoadBalancer";
}

function needsChange(service: Service): boolean {
  if (service.metadata.deletionTimestamp !== undefined) return false;
  return isBalanced(service) !== (service.status?.loadBalancer?.ingress ?? []).length > 0;
}

/** The loop over Ingresses: one simulated controller serves every class. */
export class Ingresses {
  readonly queue: WorkQueue;
  readonly #ingresses: WatchedKind<Ingress>;

  constructor(world: World) {
    this.#ingresses = world.ingresses;
    this.queue = new WorkQueue({ clock: world.clock, backOff: retryBackOff });
  }

  start(): void {
    this.#ingresses.subscribe((current) => {
      if (current !== undefined && !hasAddress(current)) this.queue.add(keyOf(current), "spec");
    });
  }

  async reconcile(key: string): Promise<void> {
    const ingress = this.#ingresses.byKey(key);
    if (ingress === undefined || hasAddress(ingress) || ingress.metadata.deletionTimestamp !== undefined) return;
    const status = { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } };
    await this.#ingresses.updateStatus(ingress, status, "simulated-ingress-controller");
  }
}

function hasAddress(ingress: Ingress): boolean {
  return (ingress.status?.loadBalancer?.ingress ?? []).length > 0;
}
