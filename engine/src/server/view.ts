// Kubernetes objects as the console sees them: small plain data, made here so that the browser knows no Kubernetes.

import type { Condition } from "#api/flux";
import { fieldOf, textOf, isObject, type Manifest, shortRevision } from "#kernel";

export type Link = { kind: string; namespace: string; name: string };

/** A delivery or a source. */
export type Card = Link & {
  key: string;
  role: "delivery" | "source";
  /** True, False, Unknown; "" when nobody has looked yet. */
  ready: string;
  reason: string;
  message: string;
  revision: string;
  isSuspended: boolean;
  isReconciling: boolean;
  /** Set where the engine is in this process: rendering, applying, checking, … */
  phase: string;
  waitingFor: string;
  /** Of a delivery: where it comes from, how many objects it holds, what is reported and left alone. */
  source: Link | undefined;
  path: string;
  objects: number;
  drift: string[];
  dependsOn: string[];
  /** Of a source. */
  url: string;
};

export type Happening = { key: string; atMs: number; about: Link; reason: string; message: string; isBad: boolean };

/** `Kustomization/flux-system/apps` */
export function keyOf(link: Link): string {
  return `${link.kind}/${link.namespace}/${link.name}`;
}

export function linkOf(object: Manifest): Link {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

export { fieldOf, textOf };

export function conditionsOf(object: Manifest): Condition[] {
  const found = fieldOf(object, "status", "conditions");
  return Array.isArray(found) ? (found.filter(isObject) as unknown as Condition[]) : [];
}

/** What the list shows of an object. */
export function cardOf(object: Manifest): Card {
  const conditions = conditionsOf(object);
  const find = (type: string): Condition | undefined => conditions.find((condition) => condition.type === type);
  const ready = find("Ready");
  const drifted = find("Drifted");
  const link = linkOf(object);
  const isDelivery = object.kind === "Kustomization" || object.kind === "HelmRelease";
  const revision = textOf(object, "status", "lastAppliedRevision") || textOf(object, "status", "artifact", "revision");
  return {
    ...link,
    key: keyOf(link),
    role: isDelivery ? "delivery" : "source",
    ready: ready?.status ?? "",
    reason: ready?.reason ?? "",
    message: shortRevision(ready?.message ?? ""),
    revision: shortRevision(revision),
    isSuspended: fieldOf(object, "spec", "suspend") === true,
    isReconciling: find("Reconciling")?.status === "True",
    phase: "",
    waitingFor: "",
    source: isDelivery ? sourceOf(object) : undefined,
    path: textOf(object, "spec", "path"),
    objects: inventoryOf(object).length,
    drift: drifted?.status === "True" ? [drifted.message] : [],
    dependsOn: dependenciesOf(object),
    url: textOf(object, "spec", "url"),
  };
}

function sourceOf(object: Manifest): Link | undefined {
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
    keyOf({
      kind: object.kind,
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
    message: shortRevision(textOf(event, "message")),
    isBad: textOf(event, "type") === "Warning",
  };
}
