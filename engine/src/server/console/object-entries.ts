// What is kept of a watched object: enough to list it, to find it, and to draw it; never its content.

import type { ObjectLink } from "#api/console";
import { linkKey } from "#api/console";
import { helmGroup, kustomizeGroup } from "#api/flux";
import { assess } from "#health";
import { fieldOf, isObject, type Json, type Manifest, splitApiVersion, textOf } from "#kernel";
import type { Health } from "#api/console";
import { labelsMost } from "./limits.ts";
import { wordsOf } from "./cards.ts";

export type ObjectEntry = {
  id: string;
  link: ObjectLink;
  version: string;
  plural: string;
  /** Key of the delivery whose marks it bears; "" for what grew from such. */
  owner: string;
  uid: string;
  /** Of its controlling owner; "" for none. */
  parentUid: string;
  health: Health;
  message: string;
  images: readonly string[];
  /** `key=value` */
  labels: readonly string[];
  info: string;
  createdMs: number;
  /** What it refers to: id and word. */
  refers: readonly { to: string; as: string }[];
  /** All of it that a search looks at, in small letters. */
  haystack: string;
};

export function idOf({ group, kind, namespace, name, cluster = "" }: ObjectLink): string {
  return `${cluster}|${group}/${kind}/${namespace}/${name}`;
}

/** An object as it is kept. */
export function entryOf(object: Manifest, plural: string, nowMs: number): ObjectEntry {
  const { group, version } = splitApiVersion(object.apiVersion);
  const { metadata, kind } = object;
  const link: ObjectLink = { group, kind, namespace: metadata.namespace ?? "", name: metadata.name };
  const health = assess(object, { now: nowMs });
  const images = imagesOf(object);
  const labels = labelsOf(object);
  const text = [kind, linkKey(link), ...images, ...labels].join(" ").toLowerCase();
  return {
    id: idOf(link),
    link,
    version,
    plural,
    owner: ownerKeyOf(object),
    uid: metadata.uid ?? "",
    parentUid: metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? "",
    health: health.status,
    message: wordsOf(health.message),
    images,
    labels,
    info: infoOf(object),
    createdMs: Date.parse(metadata.creationTimestamp ?? "") || 0,
    refers: refersOf(object, link.namespace),
    haystack: text,
  };
}

const owners = [
  [kustomizeGroup, "Kustomization"],
  [helmGroup, "HelmRelease"],
] as const;

/** Key of the delivery whose marks an object bears; "" for none. */
export function ownerKeyOf({ metadata }: Pick<Manifest, "metadata">): string {
  // What a release holds bears the release's marks; the Kustomization that states the release bears on the release alone.
  for (const [group, kind] of [...owners].reverse()) {
    const name = metadata.labels?.[`${group}/name`];
    const namespace = metadata.labels?.[`${group}/namespace`];
    if (name !== undefined && namespace !== undefined) return linkKey({ kind, namespace, name });
  }
  return "";
}

function labelsOf({ metadata }: Manifest): string[] {
  return Object.entries(metadata.labels ?? {})
    .filter(([key]) => !owners.some(([group]) => key.startsWith(`${group}/`)))
    .slice(0, labelsMost)
    .map(([key, value]) => `${key}=${value}`);
}

function podSpecOf(object: Manifest): Json | undefined {
  if (object.kind === "Pod") return fieldOf(object, "spec");
  if (object.kind === "CronJob") return fieldOf(object, "spec", "jobTemplate", "spec", "template", "spec");
  return fieldOf(object, "spec", "template", "spec");
}

function imagesOf(object: Manifest): string[] {
  const spec = podSpecOf(object);
  const found = new Set<string>();
  for (const list of ["initContainers", "containers"]) {
    const containers = fieldOf(spec, list);
    for (const container of Array.isArray(containers) ? containers : []) found.add(textOf(container, "image"));
  }
  found.delete("");
  return [...found];
}

/** One line that says what matters of a kind. */
function infoOf(object: Manifest): string {
  const count = (...path: string[]): number => Number(textOf(object, ...path)) || 0;
  switch (object.kind) {
    case "Deployment":
    case "StatefulSet":
    case "ReplicaSet":
      return `${count("status", "readyReplicas")}/${count("spec", "replicas")} ready`;
    case "DaemonSet":
      return `${count("status", "numberReady")}/${count("status", "desiredNumberScheduled")} ready`;
    case "Job":
      return `${count("status", "succeeded")}/${count("spec", "completions") || 1} done`;
    case "CronJob":
      return textOf(object, "spec", "schedule");
    case "Pod":
      return podInfo(object);
    case "Service":
      return [textOf(object, "spec", "type"), ...portsOf(object)].join(" ");
    case "Ingress":
      return listOf(object, "spec", "rules")
        .map((rule) => textOf(rule, "host"))
        .join(", ");
    case "PersistentVolumeClaim":
      return `${textOf(object, "status", "phase")} ${textOf(object, "spec", "resources", "requests", "storage")}`.trim();
    case "ConfigMap":
    case "Secret":
      return counted(Object.keys(objectOf(object, "data")).length, "key");
    default:
      return "";
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function podInfo(object: Manifest): string {
  const restarts = listOf(object, "status", "containerStatuses").reduce<number>(
    (sum, each) => sum + (Number(textOf(each, "restartCount")) || 0),
    0,
  );
  return `${textOf(object, "status", "phase")}${restarts === 0 ? "" : `, ${counted(restarts, "restart")}`}`;
}

function portsOf(object: Manifest): string[] {
  return listOf(object, "spec", "ports").map((port) => `${textOf(port, "port")}/${textOf(port, "protocol") || "TCP"}`);
}

function listOf(object: unknown, ...path: string[]): readonly Json[] {
  const found = fieldOf(object, ...path);
  return Array.isArray(found) ? found : [];
}

function objectOf(object: unknown, ...path: string[]): Record<string, Json> {
  const found = fieldOf(object, ...path);
  return isObject(found) ? found : {};
}

/** Edges that owner references do not tell: volumes, environment, service accounts, scaling targets, backends. */
function refersOf(object: Manifest, namespace: string): { to: string; as: string }[] {
  const found = new Map<string, { to: string; as: string }>();
  const add = (as: string, group: string, kind: string, name: string): void => {
    if (name === "") return;
    const to = idOf({ group, kind, namespace, name });
    found.set(`${to} ${as}`, { to, as });
  };
  const spec = podSpecOf(object);
  if (isObject(spec)) {
    add("runs as", "", "ServiceAccount", textOf(spec, "serviceAccountName"));
    for (const volume of listOf(spec, "volumes")) {
      add("mounts", "", "ConfigMap", textOf(volume, "configMap", "name"));
      add("mounts", "", "Secret", textOf(volume, "secret", "secretName"));
      add("mounts", "", "PersistentVolumeClaim", textOf(volume, "persistentVolumeClaim", "claimName"));
    }
    for (const container of listOf(spec, "containers"))
      for (const from of listOf(container, "envFrom")) {
        add("reads", "", "ConfigMap", textOf(from, "configMapRef", "name"));
        add("reads", "", "Secret", textOf(from, "secretRef", "name"));
      }
  }
  if (object.kind === "HorizontalPodAutoscaler") {
    const target = fieldOf(object, "spec", "scaleTargetRef");
    const { group } = splitApiVersion(textOf(target, "apiVersion"));
    add("scales", group, textOf(target, "kind"), textOf(target, "name"));
  }
  if (object.kind === "Ingress")
    for (const rule of listOf(object, "spec", "rules"))
      for (const path of listOf(rule, "http", "paths"))
        add("routes to", "", "Service", textOf(path, "backend", "service", "name"));
  return [...found.values()];
}
