// The built-in changes to every object: namespace, prefix, suffix, labels, annotations, replicas, hash suffix.

import { YamlNode } from "#formats/yaml";
import { fault, invalid } from "./faults.ts";
import { visitField, visitFields } from "./field-spec.ts";
import { contentHash } from "./hash.ts";
import { formatId, idKey, isSelectedGvk, type ResourceId } from "./ids.ts";
import type { FieldSpec, Replica } from "./kustomization.ts";
import {
  field,
  isMissing,
  lookup,
  lookupCreate,
  nullTag,
  setField,
  setScalar,
  stringTag,
  text,
  untyped,
} from "./nodes.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";

export type SubjectMode = "defaultOnly" | "allServiceAccounts" | "none";

export type NamespaceOptions = {
  namespace: string;
  specs: readonly FieldSpec[];
  isUnsetOnly: boolean;
  subjects: SubjectMode;
};

export function setNamespace(list: ResourceList, options: NamespaceOptions): void {
  if (options.namespace === "") return;
  const counts = new Map<string, number>();
  const count = (id: ResourceId, by: number): number => {
    const key = idKey(id);
    const now = (counts.get(key) ?? 0) + by;
    counts.set(key, now);
    return now;
  };
  for (const resource of list.items) count(resource.id, 1);
  for (const resource of list.items) {
    if (resource.isEmpty || resource.isHelmGenerated) continue;
    count(resource.id, -1);
    resource.rememberId();
    setResourceNamespace(resource, options);
    if (count(resource.id, 1) !== 1)
      throw fault("kustomize-conflict", `namespace transformation produces ID conflict: ${formatId(resource.id)}`, {
        hint: "two objects of one kind and name would end up in one namespace",
      });
  }
  list.forgetIds();
}

const bindingKinds: ReadonlySet<string> = new Set(["RoleBinding", "ClusterRoleBinding"]);

/** Sets the namespace of one object, and of what in it names a namespace. */
export function setResourceNamespace(resource: Resource, options: NamespaceOptions): void {
  const node = resource.node as YamlNode;
  const isBinding = bindingKinds.has(resource.kind);
  const value = text(options.namespace);
  const set = (found: YamlNode): void => {
    if (options.isUnsetOnly && found.kind === "scalar" && found.tag !== nullTag && found.value !== "") return;
    setScalar(found, value);
  };
  if (!resource.id.isClusterScoped)
    visitField(node, { path: "metadata/namespace", create: true }, { set, create: { kind: "scalar", tag: "" } });
  if (isBinding) setSubjects(node, options.subjects, set);
  const specs = options.specs.filter((spec) => {
    if (spec.path === "metadata/namespace") return false;
    if (spec.path === "metadata/name" && resource.apiVersion !== "v1") return false;
    return !(isBinding && spec.path === "subjects/namespace" && bindingKinds.has(spec.kind ?? ""));
  });
  visitFields(node, specs, { set, create: { kind: "scalar", tag: stringTag } });
}

function setSubjects(node: YamlNode, mode: SubjectMode, set: (found: YamlNode) => void): void {
  const subjects = mode === "none" ? undefined : lookup(node, ["subjects"]);
  if (isMissing(subjects)) return;
  if ((subjects as YamlNode).kind !== "list") throw invalid("subjects must be a list", { at: "subjects" });
  const [name, wanted] = mode === "defaultOnly" ? ["name", "default"] : ["kind", "ServiceAccount"];
  for (const subject of (subjects as YamlNode).items) {
    const found = lookup(subject, [name as string]);
    if (isMissing(found) || (found as YamlNode).value !== wanted) continue;
    const namespace = lookupCreate(subject, ["namespace"], "scalar");
    if (namespace !== undefined) set(namespace);
  }
}

/** Kinds whose names neither prefix nor suffix changes. */
const fixedNames: readonly FieldSpec[] = [
  { kind: "CustomResourceDefinition" },
  { group: "apiregistration.k8s.io", kind: "APIService" },
  { kind: "Namespace" },
];

export function addAffix(
  list: ResourceList,
  affix: { prefix?: string; suffix?: string },
  specs: readonly FieldSpec[],
): void {
  const { prefix = "", suffix = "" } = affix;
  for (const resource of list.items) {
    const id = resource.originalId;
    if (resource.node === undefined || fixedNames.some((spec) => isSelectedGvk(id, spec))) continue;
    for (const spec of specs) {
      if (!isSelectedGvk(id, spec)) continue;
      if (spec.path === "metadata/name") {
        resource.addPrefix(prefix);
        resource.addSuffix(suffix);
        if (prefix !== "" || suffix !== "") resource.rememberId();
      }
      visitField(resource.node, spec, {
        set: (node) => setScalar(node, untyped(`${prefix}${node.value}${suffix}`)),
        create: { kind: "scalar", tag: stringTag },
      });
    }
  }
  list.forgetIds();
}

/** Labels or annotations. One node stands in all places of an object, as in kustomize: a later change of it shows in all. */
export function setEntries(
  list: ResourceList,
  values: { readonly [key: string]: string },
  specs: readonly FieldSpec[],
): void {
  const keys = Object.keys(values).sort();
  if (keys.length === 0) return;
  for (const resource of list.items) {
    if (resource.node === undefined) continue;
    for (const key of keys) {
      const value = new YamlNode("scalar", values[key] as string, stringTag);
      visitFields(resource.node, specs, {
        set: (node) => setField(node, key, value),
        create: { kind: "map", tag: "!!map" },
      });
    }
  }
  list.dropEmpty();
}

export function setReplicas(list: ResourceList, replica: Replica, specs: readonly FieldSpec[]): void {
  let isFound = false;
  for (const spec of specs) {
    const matches = list.findByAnyId((id) => id.name === (replica.name ?? "") && isSelectedGvk(id, spec));
    for (const resource of matches) {
      isFound = true;
      visitField(resource.node as YamlNode, spec, {
        set: (node) => setScalar(node, new YamlNode("scalar", String(replica.count ?? 0), "!!int")),
        create: { kind: "scalar", tag: "!!int" },
      });
    }
  }
  if (!isFound)
    throw fault("kustomize-no-match", `no object with replicas has the name ${replica.name ?? ""}`, {
      at: "replicas",
      hint: `looked for ${specs.map((spec) => spec.kind ?? "any kind").join(", ")}`,
    });
}

export function addHashes(list: ResourceList): void {
  for (const resource of list.items) {
    if (!resource.isEnabled("needsHashSuffix") || resource.node === undefined) continue;
    const hash = contentHash(resource.node);
    resource.rememberId();
    resource.setName(`${resource.name}-${hash}`);
  }
  list.forgetIds();
}

/** True for objects that are configuration of local tools, not of the cluster. */
export function isLocalOnly(resource: Resource): boolean {
  const mark = field(field(field(resource.node, "metadata"), "annotations"), "config.kubernetes.io/local-config");
  return mark !== undefined && mark.value !== "false";
}
