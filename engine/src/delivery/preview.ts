// What a delivery would do with content that is not its source's: the same steps as a pass takes, but nothing is written.

import type { Cluster } from "#cluster";
import { type Manifest, type Read, refKey, refOf, type VersionedRef } from "#kernel";
import { adaptedTo, compareForApply, decide, planPrune, type Prediction, stageOf, type Step } from "#plan";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import { finish } from "./finish.ts";
import { Kinds } from "./kinds.ts";
import { concurrentRequests } from "./limits.ts";
import { maskEncrypted, withLiveForMasked } from "./mask-encrypted.ts";
import type { Delivery } from "./model.ts";
import { jobOf } from "./pass.ts";
import type { RemoteBases } from "./remote-bases.ts";
import { RenderDesk, type RenderPool, type SourceTree } from "./render-desk.ts";
import { readVariables } from "./variables.ts";
import { mapLimited } from "./map-limited.ts";

export type PreviewOptions = {
  delivery: Delivery;
  /** The content to try. */
  source: SourceTree;
  pool: RenderPool;
  /** Fetches bases from elsewhere; without it they are refused. */
  remotes?: RemoteBases;
  /** Where the delivery lives: its variables are read there. */
  cluster: Cluster;
};

/** What the delivery would apply, and the files that this was made of. */
export type PreviewRendering = { manifests: readonly Manifest[]; files: readonly string[] };

/** The manifests that the delivery would apply, in no particular order. */
export async function previewManifests(options: PreviewOptions): Promise<readonly Manifest[]> {
  return (await previewRendering(options)).manifests;
}

/** The same, with the files that were read for it. */
export async function previewRendering(options: PreviewOptions): Promise<PreviewRendering> {
  const { delivery, source, pool, remotes, cluster } = options;
  const rendering = await new RenderDesk(pool, remotes).render(jobOf(delivery), source);
  const variables = await readVariables(delivery, { cluster, kinds: new Kinds(cluster) });
  const { manifests } = finish(rendering.manifests.map(maskEncrypted), delivery, variables);
  return { manifests, files: filesIn(rendering.reads) };
}

/** The files among what was read. */
export function filesIn(reads: readonly Read[]): string[] {
  return reads.flatMap(({ path, what, hash }) => (what === "file" && hash !== null && hash !== "folder" ? [path] : []));
}

/** The steps that would bring `manifests` about, in their order; each object that exists or is new is dry-run. */
export async function previewSteps(
  delivery: Delivery,
  manifests: readonly Manifest[],
  cluster: Cluster,
): Promise<Step[]> {
  const kinds = new Kinds(cluster);
  const ordered = [...manifests].sort((a, b) => compareInStages(refOf(a), refOf(b), delivery));
  const steps = await mapLimited(ordered, concurrentRequests, (manifest) =>
    previewStep(delivery, manifest, { cluster, kinds }),
  );
  return [...steps, ...(await previewPrune(delivery, ordered, { cluster, kinds }))];
}

type Where = { cluster: Cluster; kinds: Kinds };

function compareInStages(a: VersionedRef, b: VersionedRef, delivery: Delivery): number {
  return stageOf(a, delivery.stagedKinds) - stageOf(b, delivery.stagedKinds) || compareForApply(a, b);
}

async function previewStep(delivery: Delivery, manifest: Manifest, { cluster, kinds }: Where): Promise<Step> {
  const ref = refOf(manifest);
  const leftOut = delivery.leaveOut(manifest);
  if (leftOut !== undefined) return stepOf(ref, "skip", leftOut);
  const resource = await kinds.find(ref);
  // Its definition may be among the manifests; a preview cannot know.
  if (resource === undefined) return stepOf(ref, "create", "its kind is not served yet");
  const target = await kinds.target(ref);
  const found = await cluster.get(target);
  if (!found.ok && found.status.code !== 404) throw clusterFault(found.status, "could not be read", ref.name);
  const live = found.ok ? found.value : undefined;
  const pointers = delivery.policy.ignoredFields(manifest);
  const manager = delivery.policy.manager;
  const shown = withLiveForMasked(manifest, live);
  const adapted = live === undefined ? shown : adaptedTo(shown, live, { pointers, manager });
  const applied = await cluster.apply(target, adapted, {
    fieldManager: delivery.policy.manager,
    isForced: true,
    isDryRun: true,
  });
  const prediction: Prediction = applied.ok
    ? { ok: true, object: applied.value }
    : { ok: false, refusal: applied.status };
  // A new namespace does not exist during a dry run, and what goes into it cannot be tried.
  if (!applied.ok && live === undefined && applied.status.code === 404) return stepOf(ref, "create", "is new");
  const decision = decide(
    { desired: manifest, live, reference: undefined, prediction, claimant: undefined, isRevised: true },
    delivery.policy,
  );
  if (!decision.needsPrediction) return decision.step;
  throw new DeliveryFault({ code: "cluster-failed", disposition: "retry", message: "the dry run gave no answer" });
}

async function previewPrune(
  delivery: Delivery,
  desired: readonly Manifest[],
  { cluster, kinds }: Where,
): Promise<Step[]> {
  const inventory = delivery.remembered.inventory;
  const kept = new Set(desired.map((manifest) => refKey(refOf(manifest))));
  const live = new Map<string, Manifest>();
  await mapLimited(
    inventory.filter((ref) => !kept.has(refKey(ref))),
    concurrentRequests,
    async (ref) => {
      const resource = await kinds.find(ref);
      if (resource === undefined) return;
      const found = await cluster.get({
        resource,
        namespace: resource.isNamespaced ? ref.namespace : "",
        name: ref.name,
      });
      if (found.ok) live.set(refKey(ref), found.value);
    },
  );
  const refs = desired.map(refOf);
  return planPrune({ inventory, desired: refs, live, policy: delivery.policy, claimant: () => undefined });
}

function stepOf(ref: VersionedRef, action: Step["action"], reason: string): Step {
  return { action, ref, reason, changes: [], isDrift: false, needsTakeOver: false };
}
