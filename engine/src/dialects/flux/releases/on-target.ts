// A release on the cluster that it goes to: its records, its objects and the actions on them.

import type { Cluster } from "#cluster";
import type { Guard, Reach } from "#delivery";
import type { GoMap } from "#formats/gotemplate";
import type { Manifest } from "#kernel";
import { type ReleaseActions, releaseActions, type ReleaseStorage, releaseStorage } from "#releases";
import type { ActionContext } from "./actions.ts";
import type { AtomicContext } from "./atomic.ts";
import type { LoadedChart } from "./charts.ts";
import type { HeldRecords } from "./held-records.ts";
import type { FindResource } from "./manifest-objects.ts";
import { helmManager, storageNamespaceOf } from "./names.ts";
import { observingStorage } from "./observing-storage.ts";
import type { PassContext } from "./pass-context.ts";

/** All that is at hand once the prerequisites are met. */
export type Prepared = {
  reach: Reach & { acting: Cluster };
  records: HeldRecords;
  chart: LoadedChart;
  values: GoMap;
  guard: Guard;
};

export function storageOf(
  { clock }: Pick<PassContext, "clock">,
  { records }: Pick<Prepared, "records">,
  namespace: string,
): ReleaseStorage {
  return releaseStorage({ cluster: records.cluster, namespace, clock, fieldManager: helmManager });
}

export function finderOf({ kinds }: Reach): FindResource {
  return (ref) => kinds.find(ref);
}

/** What every action of a release is given. */
export function actionContext(
  context: PassContext,
  prepared: Omit<Prepared, "guard">,
  storageNamespace: string,
): ActionContext & Pick<AtomicContext, "dropRecords"> {
  const { attempt, settings, clock, signal } = context;
  const storage = storageOf(context, prepared, storageNamespace);
  return {
    attempt,
    storage,
    dropRecords: () => prepared.records.drop(),
    chart: prepared.chart,
    values: prepared.values,
    find: finderOf(prepared.reach),
    options: { retriesByDefault: settings.retriesByDefault },
    nowMs: () => clock.now(),
    signal,
    helm: (hears) =>
      releaseActions({
        cluster: prepared.reach.acting,
        storage: observingStorage(storage, hears.observed, context.isStopping),
        clock,
        fieldManager: helmManager,
        ...(context.renderer === undefined ? {} : { charts: context.renderer }),
        notesLookups: true,
        onEvent: (event) => {
          hears.onEvent?.(event);
          context.onEvent(event);
        },
      }),
  };
}

/** The actions, for renderings that nobody stores. */
export function helmFor(context: PassContext, prepared: Prepared): ReleaseActions {
  return releaseActions({
    cluster: prepared.reach.acting,
    storage: storageOf(context, prepared, storageNamespaceOf(context.attempt.object)),
    clock: context.clock,
    fieldManager: helmManager,
    ...(context.renderer === undefined ? {} : { charts: context.renderer }),
    notesLookups: true,
  });
}

/** An object of a release as it stands; undefined when it is not there. */
export async function readLive(
  { acting, kinds }: Reach & { acting: Cluster },
  object: Manifest,
): Promise<Manifest | undefined> {
  const resource = await kinds.find(kindOf(object));
  if (resource === undefined) return undefined;
  const { namespace = "", name } = object.metadata;
  const answer = await acting.get({ resource, namespace: resource.isNamespaced ? namespace : "", name });
  return answer.ok ? answer.value : undefined;
}

export function kindOf(object: Manifest): { group: string; version: string; kind: string } {
  const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object.apiVersion];
  return { group: group ?? "", version: version ?? "", kind: object.kind };
}
