// What admission gives other kinds: claims and volumes are held while they are used, claims and ingresses get their default class, a
// new node is not ready yet (plugin/pkg/admission of Kubernetes 1.36).

import { asJson, isObject, type JsonObject, type Manifest, textOf } from "#kernel";
import { type Admission, forbidden, type Registry, type WriteCall } from "#apiserver/registry";

type Rule = (draft: Manifest, call: WriteCall, registry: Registry) => void;

/** Rules for the creation of objects, by resource. */
const onCreate: Readonly<Record<string, Rule>> = {
  "/persistentvolumeclaims": (draft, call, registry) => {
    hold(draft, "kubernetes.io/pvc-protection");
    giveClass(draft, call, registry, storageClasses);
  },
  "/persistentvolumes": (draft) => hold(draft, "kubernetes.io/pv-protection"),
  "storage.k8s.io/volumeattributesclasses": (draft) => hold(draft, "kubernetes.io/vac-protection"),
  "/nodes": notReady,
  "networking.k8s.io/ingresses": (draft, call, registry) => giveClass(draft, call, registry, ingressClasses),
};

export function creationDefaults(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      const { group, plural } = call.served.resource;
      if (live === undefined && call.subresource === "") onCreate[`${group}/${plural}`]?.(draft, call, registry);
    },
    validate: () => undefined,
  };
}

function hold(draft: Manifest, finalizer: string): void {
  const known = draft.metadata.finalizers ?? [];
  if (!known.includes(finalizer)) draft.metadata.finalizers = [...known, finalizer];
}

function child(draft: Manifest): JsonObject {
  const object = asJson(draft);
  const spec = object.spec;
  if (isObject(spec)) return spec;
  const made: JsonObject = {};
  object.spec = made;
  return made;
}

const notReadyTaint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

function notReady(draft: Manifest): void {
  const spec = child(draft);
  const taints = Array.isArray(spec.taints) ? spec.taints.filter(isObject) : [];
  if (!taints.some(({ key, effect }) => key === notReadyTaint.key && effect === notReadyTaint.effect))
    spec.taints = [...taints, { ...notReadyTaint }];
}

type Classes = { group: string; plural: string; field: string; marks: readonly string[]; older?: string };

const storageClasses: Classes = {
  group: "storage.k8s.io",
  plural: "storageclasses",
  field: "storageClassName",
  marks: ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"],
  older: "volume.beta.kubernetes.io/storage-class",
};
const ingressClasses: Classes = {
  group: "networking.k8s.io",
  plural: "ingressclasses",
  field: "ingressClassName",
  marks: ["ingressclass.kubernetes.io/is-default-class"],
  older: "kubernetes.io/ingress.class",
};

/** The newest class that is marked as the default one. */
function giveClass(draft: Manifest, call: WriteCall, registry: Registry, classes: Classes): void {
  const spec = child(draft);
  const { group, plural, field, marks, older = "" } = classes;
  if (spec[field] !== undefined || draft.metadata.annotations?.[older] !== undefined) return;
  const served = registry.table.find(group, "v1", plural);
  if (served === undefined) return;
  const marked = [...registry.collection(served.storage).range(`${group}/${plural}/`)]
    .map(({ object }) => object)
    .filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === "true"));
  if (marked.length > 1 && classes === ingressClasses)
    throw forbidden(
      call.served.resource,
      draft.metadata.name ?? "",
      `${marked.length} default IngressClasses were found, only 1 allowed`,
    );
  const newest = marked.sort(
    (a, b) =>
      compare(textOf(b, "metadata", "creationTimestamp"), textOf(a, "metadata", "creationTimestamp")) ||
      compare(a.metadata.name, b.metadata.name),
  )[0];
  if (newest !== undefined) spec[field] = newest.metadata.name;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
