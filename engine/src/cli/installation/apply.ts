// Brings manifests to a cluster in their order, and waits until what they describe is there.

import { assess, type Health } from "#health";
import { asJson, equalJson, Fault, type Json, type Manifest, splitApiVersion } from "#kernel";
import type { Cluster, Discovery, Target } from "#cluster";
import { discover, resourceOf, valueOf } from "../answers.ts";
import type { CliCode } from "../faults.ts";
import { pollMs } from "../limits.ts";
import type { Io } from "../io.ts";
import type { ConnectedTarget } from "../target.ts";
import { targetOf } from "../waiting.ts";

export type Change = { what: string; action: "created" | "configured" | "unchanged" };

const manager = "keelson-cli";

export type ApplyInOrderOptions = { isDryRun: boolean; tell: (change: Change) => void };

/** Applies one after the other, the namespace and the definitions first; tells each change. */
export async function applyInOrder(
  cluster: Cluster,
  manifests: readonly Manifest[],
  { isDryRun, tell }: ApplyInOrderOptions,
): Promise<void> {
  for (const manifest of manifests) {
    const discovery = await discoveryWith(cluster, manifest);
    const target = addressOf(discovery, manifest);
    const before = await cluster.get(target);
    const what = nameOf(manifest);
    const applied = await cluster.apply(target, manifest, { fieldManager: manager, isForced: true, isDryRun });
    const isBelowNew = isDryRun && !applied.ok && applied.status.code === 404;
    if (!before.ok) tell({ what, action: "created" });
    if (isBelowNew) continue;
    const after = valueOf(applied, `applying ${what}`);
    if (before.ok) tell({ what, action: changed(before.value, after) ? "configured" : "unchanged" });
  }
}

/** A dry run does not raise the version, so the objects themselves are compared. */
function changed(before: Manifest, after: Manifest): boolean {
  return !equalJson(essence(before), essence(after));
}

function essence({ metadata, ...rest }: Manifest): Json {
  const { managedFields: _, resourceVersion: __, generation: ___, ...kept } = metadata;
  return asJson({ ...rest, metadata: kept });
}

/** A kind whose definition was applied a moment ago is served soon. */
async function discoveryWith(cluster: Cluster, manifest: Manifest): Promise<Discovery> {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const known = await discover(cluster);
  if (known.byKind(group, manifest.kind, version) !== undefined) return known;
  return valueOf(await cluster.discover(true), `asking ${cluster.name} what it serves`);
}

/** Where a manifest belongs. */
export function addressOf(discovery: Discovery, manifest: Manifest): Target {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  const resource = resourceOf(discovery, { group, kind: manifest.kind, version });
  return targetOf(resource, manifest.metadata.namespace ?? "", manifest.metadata.name);
}

export type WaitHealthy = { cluster: Cluster; manifests: readonly Manifest[]; timeoutMs: number; io: Io };

/** Returns once all are healthy; Fault `timed-out` names the first that is not, and why. */
export async function waitHealthy({ cluster, manifests, timeoutMs, io }: WaitHealthy): Promise<void> {
  const until = io.clock.now() + timeoutMs;
  for (const manifest of manifests) {
    for (;;) {
      const target = addressOf(await discoveryWith(cluster, manifest), manifest);
      const answer = await cluster.get(target);
      const health: Health | undefined = answer.ok ? assess(answer.value, { now: io.clock.now() }) : undefined;
      if (health?.status === "healthy") break;
      if (io.clock.now() >= until || io.signal.aborted) throw notInTime(manifest, health);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

function notInTime(manifest: Manifest, health: Health | undefined): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "timed-out",
    disposition: "retry",
    message: `${nameOf(manifest)} is not healthy in time: ${health?.message ?? "it is not there"}`,
    hint: "wait longer with --timeout, or look at `kubectl describe` of it",
  });
}

/** Returns once the object is gone; Fault `timed-out` when something holds it. */
export async function waitUntilGone({ cluster, timeoutMs }: ConnectedTarget, target: Target, io: Io): Promise<void> {
  const until = io.clock.now() + timeoutMs;
  for (;;) {
    const answer = await cluster.get(target);
    if (!answer.ok && answer.status.code === 404) return;
    if (io.clock.now() >= until || io.signal.aborted)
      throw new Fault<CliCode>({
        code: "timed-out",
        disposition: "retry",
        message: `${target.resource.kind} ${target.name} is still there`,
        hint: "a finalizer may hold it: look at its metadata",
      });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** `Deployment/flux-system/keelson` */
export function nameOf(object: Manifest): string {
  return [object.kind, object.metadata.namespace, object.metadata.name].filter((part) => part !== undefined).join("/");
}
