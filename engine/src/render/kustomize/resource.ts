// One object while it is built: its node tree, which also holds, in annotations of kustomize's own, what the object was
// before and what is to become of it. They are where patches, selectors and replacements can see them, as in kustomize.

import { YamlNode } from "#formats/yaml";
import { invalid } from "./faults.ts";
import { effectiveNamespace, gvkOf, makeId, type Gvk, type ResourceId } from "./ids.ts";
import {
  clearField,
  clearIfEmpty,
  copyNode,
  field,
  isEmpty,
  isMissing,
  lookup,
  lookupCreate,
  setField,
  text,
  untyped,
} from "./nodes.ts";
import type { Schema } from "./schema.ts";

export type Behavior = "unspecified" | "create" | "replace" | "merge";

const markPrefix = "internal.config.kubernetes.io/";

/** A mark that is on or off. */
export type Switch = "needsHashSuffix" | "allowNameChange" | "allowKindChange";
/** A mark that holds texts joined by commas, so that one that holds a comma is two. */
type Series = "previousNames" | "previousNamespaces" | "previousKinds" | "prefixes" | "suffixes" | "refBy";

/** Annotations of kustomize's own, dropped from input and output alike. */
const buildAnnotations: readonly string[] = [
  "internal.config.kubernetes.io/previousKinds",
  "internal.config.kubernetes.io/previousNames",
  "internal.config.kubernetes.io/prefixes",
  "internal.config.kubernetes.io/suffixes",
  "internal.config.kubernetes.io/previousNamespaces",
  "internal.config.kubernetes.io/allowNameChange",
  "internal.config.kubernetes.io/allowKindChange",
  "internal.config.kubernetes.io/refBy",
  "internal.config.kubernetes.io/generatorBehavior",
  "internal.config.kubernetes.io/needsHashSuffix",
  "internal.config.kubernetes.io/path",
  "internal.config.kubernetes.io/index",
  "internal.config.kubernetes.io/seqindent",
  "internal.config.kubernetes.io/id",
  "internal.config.kubernetes.io/annotations-migration-resource-id",
  "config.kubernetes.io/path",
  "config.kubernetes.io/index",
  "config.k8s.io/id",
  "internal.config.kubernetes.io/helm-generated",
];

export class Resource {
  /** undefined once a patch has deleted the object. */
  node: YamlNode | undefined;
  readonly #schema: Schema;
  varNames: string[] = [];

  constructor(node: YamlNode, schema: Schema) {
    this.node = node;
    this.#schema = schema;
  }

  get kind(): string {
    return this.#topText("kind");
  }

  get apiVersion(): string {
    return this.#topText("apiVersion");
  }

  get gvk(): Gvk {
    return gvkOf(this.apiVersion, this.kind);
  }

  get name(): string {
    return this.#metadataText("name");
  }

  get namespace(): string {
    return this.#metadataText("namespace");
  }

  get isEmpty(): boolean {
    return isEmpty(this.node);
  }

  #topText(name: string): string {
    const value = field(this.node, name);
    return value === undefined || isEmpty(value) ? "" : value.value;
  }

  #metadataText(name: string): string {
    const metadata = field(this.node, "metadata");
    if (isEmpty(metadata)) return "";
    const value = field(metadata, name);
    return value === undefined || isEmpty(value) ? "" : value.value;
  }

  get id(): ResourceId {
    return makeId(this.#schema, this.gvk, this.name, this.namespace);
  }

  /** Every id it had before, oldest first, with today's group and version. */
  get previousIds(): ResourceId[] {
    const names = this.#series("previousNames");
    if (names === undefined) return [];
    const namespaces = this.#series("previousNamespaces") ?? [""];
    const kinds = this.#series("previousKinds") ?? [""];
    if (names.length !== namespaces.length || names.length !== kinds.length)
      throw invalid("names, namespaces and kinds an object had before do not match", {
        at: `${this.kind}/${this.name}`,
      });
    const { group, version } = this.gvk;
    return names.map((name, i) =>
      makeId(this.#schema, { group, version, kind: kinds[i] as string }, name, namespaces[i] as string),
    );
  }

  get originalId(): ResourceId {
    return this.previousIds[0] ?? this.id;
  }

  get allIds(): ResourceId[] {
    return [...this.previousIds, this.id];
  }

  /** A mark's text; of two fields with one name the last counts, as where all annotations are read. */
  #mark(name: string): string | undefined {
    const metadata = field(this.node, "metadata");
    const items = isEmpty(metadata) ? [] : (field(metadata, "annotations")?.items ?? []);
    const wanted = markPrefix + name;
    for (let i = items.length - 2; i >= 0; i -= 2)
      if ((items[i] as YamlNode).value === wanted) return (items[i + 1] as YamlNode).value;
    return undefined;
  }

  #series(name: Series): string[] | undefined {
    return this.#mark(name)?.split(",");
  }

  /** Adds to a series; what is empty is not noted. */
  #append(name: Series, value: string): void {
    if (value !== "") this.#setQuoted(name, [...(this.#series(name) ?? []), value].join(","));
  }

  /** Sets one annotation and leaves the others as they are written. */
  #setQuoted(name: string, value: string): void {
    if (this.node === undefined) return;
    const metadata = field(this.node, "metadata");
    if (!isMissing(metadata)) clearIfEmpty(metadata as YamlNode, "annotations");
    clearIfEmpty(this.node, "metadata");
    const annotations = lookupCreate(this.node, ["metadata", "annotations"], "map");
    if (annotations === undefined) return;
    const node = text(value);
    node.style = "single";
    setField(annotations, markPrefix + name, node);
  }

  get prefixes(): readonly string[] {
    return this.#series("prefixes") ?? [];
  }

  get suffixes(): readonly string[] {
    return this.#series("suffixes") ?? [];
  }

  addPrefix(prefix: string): void {
    this.#append("prefixes", prefix);
  }

  addSuffix(suffix: string): void {
    this.#append("suffixes", suffix);
  }

  /** Notes who refers to the object. */
  refer(referrer: string): void {
    this.#append("refBy", referrer);
  }

  rememberId(): void {
    const { id } = this;
    this.#append("previousNames", id.name);
    this.#append("previousNamespaces", effectiveNamespace(id));
    this.#append("previousKinds", id.kind);
  }

  isEnabled(name: Switch): boolean {
    return this.#mark(name) === "enabled";
  }

  enable(name: Switch): void {
    this.#setMark(name, "enabled");
  }

  /** All annotations become text, in order, when a mark is set that is no series. */
  #setMark(name: string, value: string): void {
    this.setAnnotations(this.annotations.set(markPrefix + name, value));
  }

  /** The annotations that are kustomize's own. */
  get marks(): Map<string, string> {
    return new Map([...this.annotations].filter(([name]) => name.startsWith(markPrefix)));
  }

  get behavior(): Behavior {
    const found = this.#mark("generatorBehavior");
    return found === "create" || found === "replace" || found === "merge" ? found : "unspecified";
  }

  set behavior(behavior: Behavior) {
    this.#setMark("generatorBehavior", behavior);
  }

  get isHelmGenerated(): boolean {
    return this.#mark("helm-generated") === "true";
  }

  markHelmGenerated(): void {
    this.#setQuoted("helm-generated", "true");
  }

  /** Takes all marks away; what is left of the annotations becomes text. */
  dropMarks(): void {
    const { annotations } = this;
    if (annotations.size === 0) return;
    for (const name of buildAnnotations) annotations.delete(name);
    this.setAnnotations(annotations);
  }

  setName(name: string): void {
    this.#setField(["metadata", "name"], name);
  }

  setKind(kind: string): void {
    this.#setField(["kind"], kind);
  }

  setApiVersion(apiVersion: string): void {
    this.#setField(["apiVersion"], apiVersion);
  }

  setNamespace(namespace: string): void {
    if (namespace !== "") return this.#setField(["metadata", "namespace"], namespace);
    const metadata = lookup(this.node, ["metadata"]);
    if (metadata !== undefined) clearField(metadata, "namespace");
  }

  #setField(path: readonly string[], value: string): void {
    if (this.node === undefined) return;
    const parent = lookupCreate(this.node, path.slice(0, -1), "map");
    if (parent !== undefined) setField(parent, path.at(-1) as string, untyped(value));
  }

  get labels(): Map<string, string> {
    return this.#metadataMap("labels");
  }

  get annotations(): Map<string, string> {
    return this.#metadataMap("annotations");
  }

  #metadataMap(name: string): Map<string, string> {
    const map = new Map<string, string>();
    const metadata = field(this.node, "metadata");
    const node = isEmpty(metadata) ? undefined : field(metadata, name);
    const items = node?.items ?? [];
    for (let i = 0; i < items.length; i += 2) {
      const value = items[i + 1];
      if (value === undefined) throw invalid(`metadata.${name} must be a map`, { at: `${this.kind}/${this.name}` });
      map.set((items[i] as YamlNode).value, value.value);
    }
    return map;
  }

  setLabels(labels: ReadonlyMap<string, string>): void {
    this.#setMetadataMap("labels", labels);
  }

  /** Sets all annotations, as text. */
  setAnnotations(annotations: ReadonlyMap<string, string>): void {
    this.#setMetadataMap("annotations", annotations);
  }

  #setMetadataMap(name: string, values: ReadonlyMap<string, string>): void {
    if (this.node === undefined) return;
    const metadata = lookupCreate(this.node, ["metadata"], "map");
    if (metadata === undefined) return;
    clearField(metadata, name);
    if (values.size === 0) return;
    // Where the field stood twice, the second one is filled up.
    const map = lookupCreate(metadata, [name], "map");
    if (map === undefined) return;
    for (const key of [...values.keys()].sort()) setField(map, key, text(values.get(key) as string));
  }

  copy(): Resource {
    const copy = new Resource(this.node === undefined ? new YamlNode("map") : copyNode(this.node), this.#schema);
    if (this.node === undefined) copy.node = undefined;
    copy.varNames = [...this.varNames];
    return copy;
  }

  /** Takes name, namespace, marks and metadata over from the object that this one replaces; own labels win. */
  takeMetadataFrom(other: Resource): void {
    this.setLabels(new Map([...other.labels, ...this.labels]));
    const own = this.annotations;
    const others = other.annotations;
    const merged = new Map([...others, ...own]);
    for (const name of buildAnnotations) {
      const value = others.get(name);
      if (value === undefined) merged.delete(name);
      else merged.set(name, value);
    }
    const hashMark = `${markPrefix}needsHashSuffix`;
    if (!own.has(hashMark)) merged.delete(hashMark);
    this.setAnnotations(merged);
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.varNames = [...other.varNames];
  }
}
