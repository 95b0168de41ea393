// Deliveries and sources as cards, events as happenings: small plain data, made here so that the browser knows no Kubernetes.

import type { Card, DriftView, Happening, HeldView, Link, ObjectLink } from "#api/console";
import { linkKey } from "#api/console";
import { guardMarks, heldRevision } from "#delivery";
import { type Condition, conditionsOf, fieldOf, type Manifest, shortRevision, textOf } from "#kernel";
import { messageMost } from "./limits.ts";
import { consoleMarks } from "./marks.ts";
import { maskUrl } from "./masks.ts";
import { shownKind } from "./shown-kinds.ts";

export function linkOf(object: Manifest): Link {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** What an object says of itself; what the engine, the watches and Git know is added to it. */
export function cardOf(object: Manifest): Card {
  const conditions = conditionsOf(object);
  const find = (type: string): Condition | undefined => conditions.find((condition) => condition.type === type);
  const ready = find("Ready");
  const link = linkOf(object);
  const role = shownKind(object.kind)?.role ?? "source";
  const { labels = {}, annotations = {}, creationTimestamp = "" } = object.metadata;
  const source = role === "delivery" || object.kind === "HelmChart" ? sourceOf(object) : undefined;
  const pinned = object.kind === "Kustomization" ? pinnedOf(annotations) : undefined;
  const held = pinned === undefined ? heldOf(find("Held")) : undefined;
  return {
    ...link,
    key: linkKey(link),
    role,
    cluster: clusterNameOf(object),
    labels,
    ready: ready?.status ?? "",
    reason: ready?.reason ?? "",
    message: wordsOf(ready?.message ?? ""),
    revision: revisionOf(object),
    createdMs: Date.parse(creationTimestamp) || 0,
    changedMs: Date.parse(ready?.lastTransitionTime ?? "") || 0,
    isSuspended: fieldOf(object, "spec", "suspend") === true,
    suspendReason: annotations[consoleMarks.suspendReason] ?? "",
    isReconciling: find("Reconciling")?.status === "True",
    phase: "",
    phaseMs: 0,
    waitingFor: "",
    ...(held === undefined ? {} : { held }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(source === undefined ? {} : { source }),
    path: textOf(object, "spec", "path") || textOf(object, "spec", "chart", "spec", "chart"),
    url: maskUrl(textOf(object, "spec", "url") || textOf(object, "spec", "endpoint")),
    objects: inventoryOf(object).length,
    health: {},
    drift: driftOf(find("Drifted"), inventoryOf(object)),
    dependsOn: dependenciesOf(object),
  };
}

/** What is applied, or what a source offers. */
function revisionOf(object: Manifest): string {
  const plain = textOf(object, "status", "lastAppliedRevision") || textOf(object, "status", "artifact", "revision");
  if (plain !== "" || object.kind !== "HelmRelease") return plain;
  const history = fieldOf(object, "status", "history");
  const deployed = (Array.isArray(history) ? history : []).find((entry) => textOf(entry, "status") === "deployed");
  const [name, version] = [textOf(deployed, "chartName"), textOf(deployed, "chartVersion")];
  return name === "" ? "" : `${name}@${version}`;
}

/** `Secret/NAME` that names the cluster a delivery applies to; "" for the one it lives in. */
function clusterNameOf(object: Manifest): string {
  for (const [field, kind] of [
    ["secretRef", "Secret"],
    ["configMapRef", "ConfigMap"],
  ] as const) {
    const name = textOf(object, "spec", "kubeConfig", field, "name");
    if (name !== "") return `${kind}/${object.metadata.namespace ?? ""}/${name}`;
  }
  return "";
}

/** Texts of conditions and events, for reading. */
export function wordsOf(text: string): string {
  const short = maskUrl(shortRevision(text));
  return short.length <= messageMost ? short : `${short.slice(0, messageMost)}…`;
}

function pinnedOf(annotations: { readonly [name: string]: string }): Card["pinned"] {
  const revision = annotations[guardMarks.pinnedRevision]?.trim() ?? "";
  return revision === "" ? undefined : { revision, by: annotations[guardMarks.pinnedBy] ?? "" };
}

function heldOf(condition: Condition | undefined): HeldView | undefined {
  if (condition?.status !== "True") return undefined;
  return {
    revision: heldRevision(condition.message) ?? "",
    reason: condition.reason,
    message: wordsOf(condition.message),
    sinceMs: Date.parse(condition.lastTransitionTime) || 0,
  };
}

/** From the condition's text, where no engine in this process says it as data. */
function driftOf(condition: Condition | undefined, inventory: readonly InventoryItem[]): DriftView[] {
  if (condition?.status !== "True") return [];
  if (condition.message.startsWith("Cluster state of release")) return releaseDrift(condition.message, inventory);
  return condition.message.split("; ").flatMap((part) => {
    const match = /^([^/\s:]+)\/(?:([^/\s:]+)\/)?([^\s:]+): (.*)$/s.exec(part);
    if (match === null) return [];
    const [, kind = "", namespace = "", name = "", text = ""] = match;
    return [{ object: grouped({ kind, namespace, name }, inventory), fields: [wordsOf(text)], by: [] }];
  });
}

/** The text names no group; the inventory does. */
function grouped(link: Link, inventory: readonly InventoryItem[]): ObjectLink {
  const found = inventory.find((item) => linkKey(item) === linkKey(link));
  return { group: found?.group ?? "", ...link };
}

/** A line for each object of a release, as helm-controller writes them: `Deployment/shop/web changed (0 additions, …)`. */
function releaseDrift(message: string, inventory: readonly InventoryItem[]): DriftView[] {
  return message.split("\n").flatMap((line) => {
    const match = /^([^/\s]+)\/(?:([^/\s]+)\/)?(\S+) (changed .*|removed)$/.exec(line);
    if (match === null) return [];
    const [, kind = "", namespace = "", name = "", words = ""] = match;
    return [{ object: grouped({ kind, namespace, name }, inventory), fields: [wordsOf(words)], by: [] }];
  });
}

export function sourceOf(object: Manifest): Link | undefined {
  for (const path of [["sourceRef"], ["chartRef"], ["chart", "spec", "sourceRef"]]) {
    const kind = textOf(object, "spec", ...path, "kind");
    if (kind === "") continue;
    const namespace = textOf(object, "spec", ...path, "namespace") || (object.metadata.namespace ?? "");
    return { kind, namespace, name: textOf(object, "spec", ...path, "name") };
  }
  return undefined;
}

function dependenciesOf(object: Manifest): string[] {
  const list = fieldOf(object, "spec", "dependsOn");
  return (Array.isArray(list) ? list : []).map((one) =>
    linkKey({
      kind: textOf(one, "kind") || object.kind,
      namespace: textOf(one, "namespace") || (object.metadata.namespace ?? ""),
      name: textOf(one, "name"),
    }),
  );
}

export type InventoryItem = Link & { group: string; version: string };

/** The objects of a delivery, from the ids in its status: `namespace_name_group_kind`. */
export function inventoryOf(object: Manifest): InventoryItem[] {
  const entries = fieldOf(object, "status", "inventory", "entries");
  return (Array.isArray(entries) ? entries : []).flatMap((entry) => {
    const match = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(textOf(entry, "id"));
    if (match === null) return [];
    const [, namespace = "", name = "", group = "", kind = ""] = match;
    return [{ namespace, name: name.replaceAll("__", ":"), group, kind, version: textOf(entry, "v") }];
  });
}

/** A Kubernetes Event. */
export function happeningOf(event: Manifest): Happening {
  const time = textOf(event, "lastTimestamp") || textOf(event, "eventTime") || (event.metadata.creationTimestamp ?? "");
  return {
    key: event.metadata.uid ?? event.metadata.name,
    atMs: Date.parse(time) || 0,
    about: {
      kind: textOf(event, "involvedObject", "kind"),
      namespace: textOf(event, "involvedObject", "namespace"),
      name: textOf(event, "involvedObject", "name"),
    },
    reason: textOf(event, "reason"),
    message: wordsOf(textOf(event, "message")),
    isBad: textOf(event, "type") === "Warning",
    count: Number(textOf(event, "count")) || Number(textOf(event, "series", "count")) || 1,
  };
}
