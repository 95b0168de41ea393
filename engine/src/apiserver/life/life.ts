// Starts everything a cluster needs to live that is no workload. Written against the Cluster contract alone, so the same
// code runs beside any API server.

import { setMaxListeners } from "node:events";
import type { Cluster, Discovery, Resource } from "#cluster";
import { type Reconcile, runController, type WorkQueue } from "#controller";
import type { Clock, Fault } from "#kernel";
import { ClusterRoles } from "./cluster-roles.ts";
import {
  Expiry,
  type ExpiryRule,
  eventEndsAt,
  leaseEndsAt,
  leaseSelection,
  tokenEndsAt,
  tokenSelection,
} from "./expiry.ts";
import { refused } from "./faults.ts";
import { GarbageCollector } from "./garbage.ts";
import { concurrency, eventTtlMs, identityLeaseTtlMs } from "./limits.ts";
import { Namespaces } from "./namespaces.ts";
import { PolicyTypes } from "./policy-types.ts";
import { Population } from "./population.ts";

export type LifeOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** PEM, published in every namespace as `kube-root-ca.crt`. */
  caCertificate: string;
  /** Told of each pass that failed; it is tried again. */
  failed?: (loop: string, key: string, fault: Fault) => void;
};

type Loop = { name: string; queue: WorkQueue; reconcile: Reconcile };

/** Resolved once everything is watched and at work; it goes on until the signal aborts. */
export async function startLife(options: LifeOptions): Promise<void> {
  const { cluster, clock, signal } = options;
  // One watch a kind listens to the same signal.
  setMaxListeners(0, signal);
  const discovered = await cluster.discover();
  if (!discovered.ok) throw refused("discovery", discovered.status);
  const population = new Population(cluster, clock);
  const garbage = new GarbageCollector({ cluster, clock, population });
  const resources = resourcesOf(discovered.value);
  const namespaces = new Namespaces({ cluster, clock, population, resources, caCertificate: options.caCertificate });
  const roles = new ClusterRoles(cluster, clock, find(discovered.value, "rbac.authorization.k8s.io", "ClusterRole"));
  const policies = new PolicyTypes(
    cluster,
    clock,
    find(discovered.value, "admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
  );
  const expiries = expiryRules(discovered.value).map((rule) => new Expiry(cluster, clock, rule));
  const started = [
    population.start(signal),
    namespaces.start(signal),
    roles.start(signal),
    policies.start(signal),
    ...expiries.map((expiry) => expiry.start(signal)),
  ];
  await Promise.all(started);
  // Only now is an owner that no watch shows worth asking the server about.
  garbage.start();
  run(options, { name: "garbage", queue: garbage.queue, reconcile: (uid) => garbage.reconcile(uid) });
  run(options, { name: "namespaces", queue: namespaces.queue, reconcile: (name) => namespaces.reconcile(name) });
  run(options, { name: "cluster-roles", queue: roles.queue, reconcile: (name) => roles.reconcile(name) });
  run(options, { name: "policy-types", queue: policies.queue, reconcile: (name) => policies.reconcile(name) });
  for (const expiry of expiries)
    run(options, { name: "expiry", queue: expiry.queue, reconcile: (key) => expiry.reconcile(key) });
}

function run(options: LifeOptions, loop: Loop): void {
  const { clock, signal, failed } = options;
  const told = failed === undefined ? {} : { failed: (key: string, fault: Fault) => failed(loop.name, key, fault) };
  void runController({ ...loop, clock, signal, concurrency, ...told });
}

function resourcesOf(discovery: Discovery): { namespaces: Resource; serviceAccounts: Resource; configMaps: Resource } {
  return {
    namespaces: find(discovery, "", "Namespace"),
    serviceAccounts: find(discovery, "", "ServiceAccount"),
    configMaps: find(discovery, "", "ConfigMap"),
  };
}

function expiryRules(discovery: Discovery): ExpiryRule[] {
  return [
    {
      resource: find(discovery, "", "Event"),
      endsAt: eventEndsAt,
      livesMs: eventTtlMs,
      select: { isMetadataOnly: true },
    },
    { resource: find(discovery, "", "Secret"), endsAt: tokenEndsAt, select: tokenSelection },
    {
      resource: find(discovery, "coordination.k8s.io", "Lease"),
      endsAt: leaseEndsAt,
      livesMs: identityLeaseTtlMs,
      select: leaseSelection,
    },
  ];
}

function find(discovery: Discovery, group: string, kind: string): Resource {
  const resource = discovery.byKind(group, kind);
  if (resource !== undefined) return resource;
  throw refused(`finding ${kind}`, { code: 404, reason: "NotFound", message: `the server does not serve ${kind}` });
}
