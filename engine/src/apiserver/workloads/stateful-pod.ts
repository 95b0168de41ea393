// The pod and the claims of one ordinal of a StatefulSet.

import { controllerReference } from "./claiming.ts";
import { podFromTemplate } from "./replica-sets.ts";
import { revisionHashLabel, templateOf } from "./revisions.ts";
import type { Claim, ControllerRevision, Pod, StatefulSet } from "./types.ts";

/** -1 for a name that carries none. */
export function ordinalOf(pod: Pod): number {
  const match = /-(\d+)$/.exec(pod.metadata.name);
  return match === null ? -1 : Number(match[1]);
}

/** `web-2`, with its stable name in labels and host name, and its claims as volumes. */
export function statefulPod(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const name = `${set.metadata.name}-${ordinal}`;
  const draft = podFromTemplate(set as never, templateOf(revision)).metadata;
  const template = templateOf(revision);
  const claims = claimsFor(set, ordinal).map(({ metadata }, index) => ({
    name: set.spec.volumeClaimTemplates?.[index]?.metadata.name ?? "",
    persistentVolumeClaim: { claimName: metadata.name },
  }));
  const others = (template.spec.volumes ?? []).filter((volume) => !claims.some((one) => one.name === volume.name));
  const volumes = [...claims, ...others];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...draft,
      name,
      labels: {
        ...draft.labels,
        "apps.kubernetes.io/pod-index": String(ordinal),
        [revisionHashLabel]: revision.metadata.name,
        "statefulset.kubernetes.io/pod-name": name,
      },
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...(set.spec.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

/** One claim for each claim template; owned by the set only where the retention policy says that they go with it. */
export function claimsFor(set: StatefulSet, ordinal: number): Claim[] {
  const isOwned = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete";
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: `${template.metadata.name}-${set.metadata.name}-${ordinal}`,
      namespace: set.metadata.namespace ?? "",
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(isOwned ? { ownerReferences: [controllerReference(set)] } : {}),
    },
    spec: (template["spec"] ?? {}) as Claim["spec"],
  }));
}
