// The end of a HelmRelease: its release is uninstalled, the HelmChart that was made for it removed, and the finalizer given
// back. A suspended one leaves everything as it is; so does one that cannot act any more.

import { fluxFinalizer } from "#api/flux";
import type { Resource } from "#cluster";
import { type Hold, isBeingUninstalled, type Reach, readGuard, whyDeletionHeld } from "#delivery";
import { faultFrom, formatFault, type JsonObject, type Manifest } from "#kernel";
import { helmManager } from "./names.ts";
import type { Attempt } from "./attempt.ts";
import { heldBack, uninstallRelease } from "./pass.ts";
import type { PassContext, PassEnd } from "./pass-context.ts";

export type FinaliseHow = {
  object: Manifest;
  home: Reach;
  resource: Resource;
  canAct: () => Promise<boolean>;
  removeChart: () => Promise<void>;
};

/** undefined when it is done; else when it is to be tried again. */
export async function finalise(context: PassContext, how: FinaliseHow): Promise<PassEnd | undefined> {
  const { attempt } = context;
  const { finalizers = [] } = how.object.metadata;
  if (!finalizers.includes(fluxFinalizer)) return undefined;
  try {
    const isLeft = attempt.object.spec.suspend === true || (await isBeingUninstalled(how.home, how.resource));
    const hold = isLeft ? undefined : whyKept(attempt);
    if (hold !== undefined) return heldBack(attempt, { revision: "", hold, before: attempt.status });
    const message = isLeft ? undefined : await clear(context, how);
    if (message !== undefined) return { next: "back-off", message };
    await removeFinalizer(how, finalizers);
    return undefined;
  } catch (thrown) {
    const fault = faultFrom(thrown);
    const message = attempt.masked(formatFault(fault));
    attempt.conditions.set("Ready", "False", { reason: "UninstallFailed", message });
    return { next: "back-off", message };
  }
}

/** Why an uninstall that would take much with it waits; what was never installed takes nothing. */
function whyKept({ object, status }: Attempt): Hold | undefined {
  const { inventory, history = [] } = status;
  if (history.length === 0) return undefined;
  const about = { uid: object.metadata.uid ?? "", inventoryCount: inventory?.entries.length ?? 0 };
  return whyDeletionHeld(readGuard(object as unknown as Manifest), about);
}

async function clear(context: PassContext, how: FinaliseHow): Promise<string | undefined> {
  const { attempt } = context;
  const { storageNamespace = "", history = [] } = attempt.status;
  // What was never installed needs no uninstall; what may not be done any more must not block.
  if (storageNamespace !== "" && history.length > 0 && (await how.canAct())) {
    const failure = await uninstallRelease(context);
    if (failure !== undefined) return failure;
  }
  attempt.clearHistory();
  delete attempt.status.storageNamespace;
  await how.removeChart();
  return undefined;
}

async function removeFinalizer({ object, home, resource }: FinaliseHow, finalizers: readonly string[]): Promise<void> {
  const { name, namespace = "", resourceVersion } = object.metadata;
  const metadata: JsonObject = { finalizers: finalizers.filter((each) => each !== fluxFinalizer) };
  if (resourceVersion !== undefined) metadata["resourceVersion"] = resourceVersion;
  const target = { resource, namespace, name };
  const answer = await home.cluster.patch(
    target,
    { type: "merge", patch: { metadata } },
    { fieldManager: helmManager },
  );
  if (answer.ok || answer.status.code === 404) return;
  throw new Error(`the finalizer could not be removed: ${answer.status.message}`);
}
