// When an object counts as ready for Helm 3's wait, which Helm 4 keeps as `legacy` (pkg/kube/ready.go, v4.3). Kinds that are
// not named are ready once they exist in the manifest.

import type { Answer, Cluster, List, Status } from "#cluster";
import { canonicalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { releaseFault } from "./faults.ts";
import type { KnownKinds, ReleaseObject } from "./objects.ts";

export type Readiness = { isReady: true } | { isReady: false; message: string };

/** A look that failed; `isPassing` says that the next one may not. */
export class LookFailed extends Error {
  readonly isPassing: boolean;

  constructor(status: Status) {
    super(status.message);
    this.isPassing = status.code === 0 || status.code === 429 || (status.code >= 500 && status.code !== 501);
  }
}

const ready: Readiness = { isReady: true };

function not(message: string): Readiness {
  return { isReady: false, message };
}

type Look = { cluster: Cluster; kinds: KnownKinds; checkJobs: boolean };

type Rule = (live: Manifest, object: ReleaseObject, look: Look) => Readiness | Promise<Readiness>;

const rules: { readonly [kind: string]: Rule } = {
  "v1/Pod": podReady,
  "batch/v1/Job": (live, _object, { checkJobs }) => (checkJobs ? jobReady(live) : ready),
  "apps/v1/Deployment": deploymentReady,
  "v1/PersistentVolumeClaim": (live) =>
    fieldOf(live, "status", "phase") === "Bound" ? ready : not("PersistentVolumeClaim is not bound"),
  "v1/Service": serviceReady,
  "apps/v1/DaemonSet": daemonSetReady,
  "apiextensions.k8s.io/v1/CustomResourceDefinition": definitionReady,
  "apps/v1/StatefulSet": statefulSetReady,
  "v1/ReplicationController": withPods(["spec", "selector"]),
  "apps/v1/ReplicaSet": withPods(["spec", "selector", "matchLabels"]),
};

/** Asks the server for the object, and judges it. */
export async function legacyReady(object: ReleaseObject, look: Look): Promise<Readiness> {
  const { apiVersion, kind } = object.manifest;
  const key = `${apiVersion}/${kind}`;
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  if (rule === undefined) return ready;
  const answer = await look.cluster.get(object.target);
  if (!answer.ok) throw new LookFailed(answer.status);
  return rule(answer.value, object, look);
}

function numberOf(live: unknown, fallback: number, ...path: string[]): number {
  const value = fieldOf(live, ...path);
  return typeof value === "number" ? value : fallback;
}

function isObserved(live: Manifest): boolean {
  return numberOf(live, 0, "status", "observedGeneration") === (live.metadata.generation ?? 0);
}

function podReady(live: Manifest): Readiness {
  return hasCondition(live, "Ready") ? ready : not("Pod is not ready");
}

function hasCondition(live: Manifest, type: string, status = "True"): boolean {
  const conditions = fieldOf(live, "status", "conditions");
  return (
    Array.isArray(conditions) &&
    conditions.some((each) => isObject(each) && each["type"] === type && each["status"] === status)
  );
}

function jobReady(live: Manifest): Readiness {
  if (numberOf(live, 0, "status", "failed") > numberOf(live, 6, "spec", "backoffLimit"))
    throw releaseFault("release-wait-failed", `job is failed: ${live.metadata.namespace}/${live.metadata.name}`);
  const completions = fieldOf(live, "spec", "completions");
  const isDone = typeof completions !== "number" || numberOf(live, 0, "status", "succeeded") >= completions;
  return isDone ? ready : not("Job is not completed");
}

function serviceReady(live: Manifest): Readiness {
  const type = fieldOf(live, "spec", "type");
  if (type === "ExternalName") return ready;
  if ((fieldOf(live, "spec", "clusterIP") ?? "") === "") return not("Service does not have cluster IP address");
  if (type !== "LoadBalancer") return ready;
  const outer = fieldOf(live, "spec", "externalIPs");
  if (Array.isArray(outer) && outer.length > 0) return ready;
  return Array.isArray(fieldOf(live, "status", "loadBalancer", "ingress"))
    ? ready
    : not("Service does not have load balancer ingress IP address");
}

function definitionReady(live: Manifest): Readiness {
  return hasCondition(live, "Established") || hasCondition(live, "NamesAccepted", "False")
    ? ready
    : not("CustomResourceDefinition is not established");
}

async function deploymentReady(live: Manifest, object: ReleaseObject, look: Look): Promise<Readiness> {
  if (fieldOf(live, "spec", "paused") === true) return ready;
  const newest = await newReplicaSet(live, object, look);
  if (newest === undefined) return not("Deployment has no new ReplicaSet");
  if (!isObserved(newest)) return not("ReplicaSet is not observed");
  if (!isObserved(live)) return not("Deployment is not observed");
  const expected = numberOf(live, 1, "spec", "replicas") - maxUnavailable(live);
  const pods = numberOf(newest, 0, "status", "readyReplicas");
  return pods >= expected ? ready : not(`Deployment does not have enough pods ready (${pods}/${expected})`);
}

/** The ReplicaSet that the Deployment owns and whose template is the Deployment's. */
async function newReplicaSet(live: Manifest, object: ReleaseObject, look: Look): Promise<Manifest | undefined> {
  const found = listOf(
    await look.cluster.list((await look.kinds.discover()).byKind("apps", "ReplicaSet", "v1") ?? object.resource, {
      namespace: object.target.namespace,
      labelSelector: selectorText(fieldOf(live, "spec", "selector", "matchLabels")),
    }),
  );
  const wanted = templateText(live);
  return found.find(
    (each) =>
      (each.metadata.ownerReferences ?? []).some(({ uid }) => uid === live.metadata.uid) &&
      templateText(each) === wanted,
  );
}

function listOf(answer: Answer<List>): Manifest[] {
  if (!answer.ok) throw new LookFailed(answer.status);
  return answer.value.items;
}

function selectorText(labels: Json | undefined): string {
  if (!isObject(labels)) return "";
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value as string)}`)
    .join(",");
}

/** A pod template without the label that its ReplicaSet adds. */
function templateText(live: Manifest): string {
  const template = fieldOf(live, "spec", "template");
  if (!isObject(template)) return "";
  const metadata = isObject(template["metadata"]) ? template["metadata"] : {};
  const labels = isObject(metadata["labels"]) ? metadata["labels"] : {};
  const { "pod-template-hash": _, ...rest } = labels;
  const plain: JsonObject = { ...template, metadata: { ...metadata, labels: rest } };
  return canonicalJson(plain);
}

/** A count or a share of `total`. */
function scaled(value: Json | undefined, total: number, round: (share: number) => number): number {
  if (typeof value === "number") return value;
  const share = typeof value === "string" ? /^(\d+)%$/.exec(value) : null;
  return share === null ? 0 : round((Number(share[1]) * total) / 100);
}

function maxUnavailable(live: Manifest): number {
  const replicas = numberOf(live, 1, "spec", "replicas");
  if (fieldOf(live, "spec", "strategy", "type") !== "RollingUpdate" || replicas === 0) return 0;
  const surge = scaled(fieldOf(live, "spec", "strategy", "rollingUpdate", "maxSurge"), replicas, Math.ceil);
  const most = scaled(fieldOf(live, "spec", "strategy", "rollingUpdate", "maxUnavailable"), replicas, Math.floor);
  return Math.min(surge === 0 && most === 0 ? 1 : most, replicas);
}

function daemonSetReady(live: Manifest): Readiness {
  if (!isObserved(live)) return not("DaemonSet is not observed");
  if (fieldOf(live, "spec", "updateStrategy", "type") !== "RollingUpdate") return ready;
  const desired = numberOf(live, 0, "status", "desiredNumberScheduled");
  if (numberOf(live, 0, "status", "updatedNumberScheduled") !== desired)
    return not("DaemonSet does not have enough Pods scheduled");
  const unavailable = scaled(
    fieldOf(live, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"),
    desired,
    Math.ceil,
  );
  return numberOf(live, 0, "status", "numberReady") >= desired - unavailable
    ? ready
    : not("DaemonSet does not have enough Pods ready");
}

function statefulSetReady(live: Manifest): Readiness {
  if (!isObserved(live)) return not("StatefulSet is not observed");
  if (fieldOf(live, "spec", "updateStrategy", "type") !== "RollingUpdate") return ready;
  const partition = numberOf(live, 0, "spec", "updateStrategy", "rollingUpdate", "partition");
  const replicas = numberOf(live, 1, "spec", "replicas");
  if (numberOf(live, 0, "status", "updatedReplicas") < replicas - partition)
    return not("StatefulSet does not have enough Pods scheduled");
  if (numberOf(live, 0, "status", "readyReplicas") !== replicas)
    return not("StatefulSet does not have enough Pods ready");
  const status = live["status"];
  const isSame = fieldOf(status, "currentRevision") === fieldOf(status, "updateRevision");
  return partition !== 0 || isSame
    ? ready
    : not("StatefulSet is not ready, currentRevision does not match updateRevision");
}

/** Observed, and each pod that the selector finds is ready. */
function withPods(selector: readonly string[]): Rule {
  return async (live, object, look) => {
    if (!isObserved(live)) return not(`${live.kind} is not observed`);
    const resource = (await look.kinds.discover()).byKind("", "Pod", "v1");
    if (resource === undefined) return ready;
    const labelSelector = selectorText(fieldOf(live, ...selector));
    const pods = listOf(await look.cluster.list(resource, { namespace: object.target.namespace, labelSelector }));
    return pods.find((pod) => !podReady(pod).isReady) === undefined ? ready : not("Pod is not ready");
  };
}
