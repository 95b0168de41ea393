// Flux's CustomResourceDefinitions, and our own: which are missing on a cluster, and bringing them.

import { fluxDefinitions, fluxKinds } from "#api/flux";
import { deliveryLogKind, keelsonDefinitions } from "#api/keelson";
import type { Cluster } from "#cluster";
import { Fault } from "#kernel";
import { discover, resourceOf, valueOf } from "./answers.ts";
import type { CliCode } from "./faults.ts";
import { servedAttempts, servedPauseMs } from "./limits.ts";

const known: readonly { group: string; kind: string }[] = [...fluxKinds, deliveryLogKind];

/** Kinds of Flux and of our own that the server does not serve. */
export async function missingKinds(cluster: Cluster): Promise<string[]> {
  const discovery = await discover(cluster);
  return known.filter((kind) => discovery.byKind(kind.group, kind.kind) === undefined).map((kind) => kind.kind);
}

const allKinds: readonly string[] = known.map((kind) => kind.kind);

/** Applies the definitions of `kinds` and returns once they are served. Others are not touched. */
export async function installDefinitions(cluster: Cluster, kinds: readonly string[] = allKinds): Promise<void> {
  const resource = resourceOf(await discover(cluster), {
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
  });
  for (const manifest of [...fluxDefinitions(), ...keelsonDefinitions()]) {
    const spec = manifest["spec"] as { names: { kind: string } };
    if (!kinds.includes(spec.names.kind)) continue;
    const target = { resource, namespace: "", name: manifest.metadata.name };
    const options = { fieldManager: "keelson", isForced: true };
    valueOf(await cluster.apply(target, manifest, options), `applying the definition of ${spec.names.kind}`);
  }
  await untilServed(cluster, kinds);
}

/** A definition is served a moment after it was accepted. */
async function untilServed(cluster: Cluster, kinds: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < servedAttempts; attempt++) {
    await cluster.discover(true);
    const missing = await missingKinds(cluster);
    if (!missing.some((kind) => kinds.includes(kind))) return;
    await new Promise((resolve) => setTimeout(resolve, servedPauseMs));
  }
  throw new Fault<CliCode>({
    code: "timed-out",
    disposition: "retry",
    message: "the definitions were not served in time",
  });
}
