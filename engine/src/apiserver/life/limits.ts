// Every bound of this folder, with the reason for its number.

import type { BackOff } from "#cluster";

/** kube-apiserver's --event-ttl: long enough to read what happened, short enough to keep the store small. */
export const eventTtlMs = 3_600_000;

/** Identity Leases of servers that are gone; kube-apiserver's own collector waits as long. */
export const identityLeaseTtlMs = 3_600_000;

/** After a CRD changed, discovery is asked once for a burst of them; a bundle applies within this. */
export const discoveryDelayMs = 100;

/** A conflict means that a newer state is on its way: little to wait for. A server that is down gets the most. */
export const retryBackOff: BackOff = { leastMs: 20, mostMs: 30_000 };

/** Keys worked on at once by each loop; requests of one process to itself gain nothing from more. */
export const concurrency = 4;

/** Objects in one page while a namespace is emptied. */
export const pageSize = 500;

/** Objects of a dying namespace go in bursts; one look serves a whole burst. */
export const removalBurstMs = 20;

/** Kinds that one rule of a policy is checked against (maxTypesToCheck of kube-controller-manager). */
export const checkedTypesMax = 10;
