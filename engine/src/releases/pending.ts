// What is done with a revision whose action never ended: gone on with where the work is the same, else marked failed and
// cleaned up after, so that the next action finds its objects.

import { canonicalJson, type Json } from "#kernel";
import type { PendingPolicy, Release, ReleaseHook, RenderedRelease } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { buildObjects, type KnownKinds } from "./objects.ts";
import { ObjectWriter } from "./object-writer.ts";
import { hooksFor } from "./hooks.ts";
import type { HookEvent } from "#render/helm";
import type { Run } from "./run.ts";

export function isPending({ info }: Release): boolean {
  return info.status.startsWith("pending-");
}

/** Helm's answer to a second action. */
export function refusePending(policy: PendingPolicy, release: Release): void {
  if (policy !== "refuse" || !isPending(release)) return;
  throw releaseFault("release-pending", "another operation (install/upgrade/rollback) is in progress", {
    hint: `revision ${release.version} of ${release.name} is ${release.info.status}; if nothing is at work, go on with --resume`,
  });
}

/** True when the rendering is what the pending revision was made of. Random text is as good as it was. */
export function isSameWork(pending: Release, rendered: RenderedRelease): boolean {
  const same = (a: unknown, b: unknown): boolean => canonicalJson(a as Json) === canonicalJson(b as Json);
  if (!same(withoutTimes(pending.chart), withoutTimes(rendered.chart))) return false;
  if (!same(pending.config ?? {}, rendered.config)) return false;
  const { rendering } = rendered;
  if (rendering.isVolatile) return true;
  const hooks = (pending.hooks ?? []).map(({ path, manifest }: ReleaseHook) => [path, manifest]);
  return (
    pending.manifest === rendering.text &&
    same(
      hooks,
      rendering.hooks.map(({ path, content }) => [path, content]),
    )
  );
}

/** A chart without the times of its files, which say nothing. */
function withoutTimes(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) =>
      key === "modtime" || key === "schemamodtime" || key === "generated"
        ? undefined
        : typeof member === "bigint"
          ? member.toString()
          : member,
    ),
  ) as Json;
}

/** Marks the revision failed. Objects of its hooks go where their policies would have removed them. */
export async function failPending(
  run: Run,
  pending: Release,
  kinds: KnownKinds,
  description: string = interrupted(pending),
): Promise<void> {
  await removeHooks(run, pending, kinds);
  await run.recordAs(pending, "failed", description);
}

function interrupted({ name, info }: Release): string {
  const words: { [status: string]: string } = {
    "pending-install": "Release",
    "pending-upgrade": "Upgrade",
    "pending-rollback": "Rollback",
  };
  return `${words[info.status] ?? "Release"} ${JSON.stringify(name)} failed: interrupted`;
}

async function removeHooks(run: Run, pending: Release, kinds: KnownKinds): Promise<void> {
  const writer = new ObjectWriter(run, { serverSide: true });
  for (const [key, { state }] of Object.entries(pending.keelson?.hooks ?? {})) {
    const [event, at] = key.split("#") as [HookEvent, string];
    const hook = hooksFor(pending, event)[Number(at)];
    const policy = state === "done" ? "hook-succeeded" : "hook-failed";
    if (hook === undefined || hook.kind === "CustomResourceDefinition") continue;
    if (!(hook.delete_policies ?? []).includes(policy)) continue;
    await writer.removeAll(await buildObjects(hook.manifest, kinds, pending.namespace), "Background");
  }
}
