// Fields that name another object follow it when its name changes: by a prefix, a suffix, a hash, a patch.

import type { YamlNode } from "#formats/yaml";
import type { NameReference } from "./configuration.ts";
import { fault, invalid } from "./faults.ts";
import { visitField } from "./field-spec.ts";
import { apiVersionOf, effectiveNamespace, formatId, type Gvk, isSelectedGvk, type ResourceId } from "./ids.ts";
import type { FieldSpec } from "./kustomization.ts";
import { field, getField, isMissing, lookup, setField, setScalar, untyped } from "./nodes.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";

/** Looked up once: an object's ids do not change while references are fixed. */
type Candidate = { resource: Resource; id: ResourceId; previous: readonly ResourceId[]; original: ResourceId };

export function fixNameReferences(list: ResourceList, references: readonly NameReference[]): void {
  const candidates = list.items.map((resource) => {
    const previous = resource.previousIds;
    const { id } = resource;
    return { resource, id, previous, original: previous[0] ?? id };
  });
  for (const { resource } of candidates) subjectNamespaces(resource);
  const byName = indexByName(candidates);
  for (const referrer of candidates) {
    const node = referrer.resource.node;
    if (node === undefined) continue;
    let fixer: Fixer | undefined;
    for (const reference of references)
      for (const spec of reference.fieldSpecs) {
        if (!isSelectedGvk(referrer.original, spec)) continue;
        fixer ??= newFixer(referrer, candidates, byName);
        fixer.fix(node, spec, reference);
      }
  }
}

function indexByName(candidates: readonly Candidate[]): ReadonlyMap<string, Candidate[]> {
  const byName = new Map<string, Candidate[]>();
  for (const candidate of candidates)
    for (const name of new Set(candidate.previous.map((id) => id.name))) {
      const found = byName.get(name);
      if (found === undefined) byName.set(name, [candidate]);
      else found.push(candidate);
    }
  return byName;
}

/** Group, version and kind must be those that can be written back: `/v1`, which a replacement may have made, cannot. */
function newFixer(referrer: Candidate, all: readonly Candidate[], byName: ReadonlyMap<string, Candidate[]>): Fixer {
  const { resource, id } = referrer;
  const apiVersion = field(resource.node, "apiVersion");
  const kind = field(resource.node, "kind");
  const stated = isMissing(apiVersion) ? "" : apiVersion.value;
  if (stated !== apiVersionOf(id))
    throw invalid(`apiVersion '${resource.apiVersion}' is no group and version`, { at: formatId(id) });
  if (isMissing(kind) && resource.kind !== "") throw invalid("the kind is null", { at: formatId(id) });
  return new Fixer(referrer, all, byName);
}

class Fixer {
  readonly #referrer: Candidate;
  readonly #all: readonly Candidate[];
  readonly #byName: ReadonlyMap<string, Candidate[]>;
  readonly #bindingNamespaces: ReadonlySet<string>;

  constructor(referrer: Candidate, all: readonly Candidate[], byName: ReadonlyMap<string, Candidate[]>) {
    this.#referrer = referrer;
    this.#all = all;
    this.#byName = byName;
    this.#bindingNamespaces = subjectNamespaces(referrer.resource);
  }

  fix(node: YamlNode, spec: FieldSpec, target: Partial<Gvk>): void {
    // The object's own group and version stand in for those of the specification, which was matched already.
    const own = { path: spec.path ?? "" };
    visitField(node, own, {
      set: (found) => {
        if (isMissing(found)) return;
        if (found.kind === "scalar") this.#fixText(found, own.path, target);
        else if (found.kind === "map") this.#fixMap(found, own.path, target);
        else for (const item of found.items) this.#fixItem(item, own.path, target);
      },
    });
  }

  #fixItem(item: YamlNode, path: string, target: Partial<Gvk>): void {
    if (isMissing(item)) return;
    if (item.kind === "scalar") this.#fixText(item, path, target);
    else if (item.kind === "map") this.#fixMap(item, path, target);
    else throw invalid("an item is expected to be text or a map of text", { at: path });
  }

  #fixText(node: YamlNode, path: string, target: Partial<Gvk>): void {
    const referral = this.#select(node.value, path, { target, isSame: sameName });
    if (referral === undefined) return;
    referral.resource.refer(formatId(this.#referrer.resource.id));
    const { name } = referral.resource;
    if (name !== node.value) setScalar(node, untyped(name));
  }

  /** A map with name and namespace: both follow the object. */
  #fixMap(node: YamlNode, path: string, target: Partial<Gvk>): void {
    const nameNode = getField(node, "name");
    if (nameNode === undefined) throw invalid("path config error; no 'name' field in node", { at: path });
    const namespace = getField(node, "namespace");
    const among = namespace === undefined ? undefined : this.#inNamespace(namespace.value);
    const oldName = nameNode.value;
    const referral = this.#select(oldName, path, { target, isSame: sameNameAndNamespace, among });
    if (referral === undefined) return;
    referral.resource.refer(formatId(this.#referrer.resource.id));
    const { resource } = referral;
    if (resource.name === oldName && resource.namespace === "") return;
    setField(node, "name", untyped(resource.name));
    if (resource.namespace !== "") setField(node, "namespace", untyped(resource.namespace));
  }

  /** Objects that were in the namespace first, or else are in it now. */
  #inNamespace(namespace: string): ReadonlySet<Candidate> {
    const visible = this.#all.filter((one) => this.#isVisible(one));
    const first = visible.filter(
      (one) => !one.original.isClusterScoped && effectiveNamespace(one.original) === namespace,
    );
    if (first.length > 0) return new Set(first);
    return new Set(visible.filter((one) => !one.id.isClusterScoped && effectiveNamespace(one.id) === namespace));
  }

  /** True for what the referrer could name at all. */
  #isVisible(candidate: Candidate): boolean {
    const { id } = this.#referrer;
    if (id.isClusterScoped || candidate.id.isClusterScoped) return true;
    if (effectiveNamespace(id) === effectiveNamespace(candidate.id)) return true;
    return this.#bindingNamespaces.has(candidate.resource.namespace);
  }

  #select(
    name: string,
    path: string,
    how: {
      target: Partial<Gvk>;
      isSame: (found: readonly Candidate[]) => boolean;
      among?: ReadonlySet<Candidate> | undefined;
    },
  ): Candidate | undefined {
    const named = this.#byName.get(name);
    if (named === undefined) return undefined;
    const role = path.endsWith("roleRef/name") ? roleOf(this.#referrer.resource) : undefined;
    let found = named.filter(
      (one) =>
        this.#isVisible(one) &&
        (how.among === undefined || how.among.has(one)) &&
        one.previous.some((id) => isSelectedGvk(id, how.target)) &&
        (role === undefined || one.previous.some((id) => isSelectedGvk(id, role))) &&
        this.#isSameNamespace(one),
    );
    if (found.length === 1) return found[0];
    found = found.filter((one) => this.#sharesAffixes(one.resource, true));
    if (found.length > 1) found = found.filter((one) => this.#sharesAffixes(one.resource, false));
    if (found.length <= 1 || how.isSame(found)) return found[0];
    throw fault("kustomize-conflict", `several objects could be meant by '${name}'`, {
      at: `${formatId(this.#referrer.id)}: ${path}`,
      hint: found.map((one) => formatId(one.id)).join(", "),
    });
  }

  #isSameNamespace(candidate: Candidate): boolean {
    const { id } = this.#referrer;
    if (id.isClusterScoped || candidate.id.isClusterScoped) return true;
    if (candidate.resource.kind === "ServiceAccount") return true;
    return effectiveNamespace(id) === effectiveNamespace(candidate.id);
  }

  #sharesAffixes(other: Resource, allowsNone: boolean): boolean {
    const own = this.#referrer.resource;
    return sharesEnd(own.prefixes, other.prefixes, allowsNone) && sharesEnd(own.suffixes, other.suffixes, allowsNone);
  }
}

function sharesEnd(a: readonly string[], b: readonly string[], allowsNone: boolean): boolean {
  if (allowsNone && (a.length === 0 || b.length === 0)) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length === 0) return long.length === 0;
  return short.every((one, i) => one === long[long.length - short.length + i]);
}

function sameName(found: readonly Candidate[]): boolean {
  return found.every((one) => one.resource.name === found[0]?.resource.name);
}

function sameNameAndNamespace(found: readonly Candidate[]): boolean {
  return sameName(found) && found.every((one) => one.resource.namespace === found[0]?.resource.namespace);
}

function roleOf(resource: Resource): Partial<Gvk> | undefined {
  const role = lookup(resource.node, ["roleRef"]);
  const group = field(role, "apiGroup");
  const kind = field(role, "kind");
  if (group === undefined || kind === undefined) return undefined;
  return { group: group.value, kind: kind.value };
}

/** Namespaces of the service accounts that a RoleBinding names. */
function subjectNamespaces(resource: Resource): ReadonlySet<string> {
  const result = new Set<string>();
  if (resource.kind !== "RoleBinding") return result;
  const subjects = field(resource.node, "subjects");
  for (const subject of subjects?.kind === "list" ? subjects.items : []) {
    if (subject.kind !== "map") throw invalid("a subject must be a map", { at: formatId(resource.id) });
    const namespace = field(subject, "namespace");
    const kind = field(subject, "kind");
    if (namespace === undefined || kind === undefined) continue;
    if (kind.kind !== "scalar" || (kind.tag !== "!!str" && kind.tag !== ""))
      throw invalid("the kind of a subject must be text", { at: formatId(resource.id) });
    if (kind.value !== "ServiceAccount") continue;
    if (namespace.kind !== "scalar" || (namespace.tag !== "!!str" && namespace.tag !== ""))
      throw invalid("the namespace of a subject must be text", { at: formatId(resource.id) });
    result.add(namespace.value);
  }
  return result;
}
