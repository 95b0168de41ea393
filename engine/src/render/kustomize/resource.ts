// One object while it is built: its node tree, and what it was before. kustomize keeps the latter in annotations; here it
// is state beside the tree, and the annotations' presence is all that shows of it (hasMarks).

import { YamlNode } from "#formats/yaml";
import { invalid } from "./faults.ts";
import { effectiveNamespace, gvkOf, makeId, type Gvk, type ResourceId } from "./ids.ts";
import { clearField, copyNode, field, isEmpty, lookup, lookupCreate, setField, text, untyped } from "./nodes.ts";
import type { Schema } from "./schema.ts";

export type Behavior = "unspecified" | "create" | "replace" | "merge";

type PreviousNames = { names: string[]; namespaces: string[]; kinds: string[] };

const markPrefix = "internal.config.kubernetes.io/";

/** Annotations of kustomize's own, dropped from input and output alike. */
export const buildAnnotations: readonly string[] = [
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
  /** Names, namespaces and kinds it had, oldest first; kustomize joins each by commas, so one that holds a comma is two. */
  previous: PreviousNames = { names: [], namespaces: [], kinds: [] };
  prefixes: string[] = [];
  suffixes: string[] = [];
  needsHash = false;
  /** undefined for what no generator made. */
  behavior: Behavior | undefined;
  isNameChangeAllowed = false;
  isKindChangeAllowed = false;
  isHelmGenerated = false;
  isReferred = false;
  varNames: string[] = [];

  constructor(node: YamlNode, schema: Schema) {
    this.node = node;
    this.#schema = schema;
  }

  get kind(): string {
    return field(this.node, "kind")?.value ?? "";
  }

  get apiVersion(): string {
    return field(this.node, "apiVersion")?.value ?? "";
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
    const { names, namespaces, kinds } = this.previous;
    if (names.length === 0) return [];
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
    const { names, namespaces, kinds } = this.previous;
    if (names.length === 0 || names.length !== namespaces.length || names.length !== kinds.length)
      return this.previousIds[0] ?? this.id;
    const { group, version } = this.gvk;
    const gvk = { group, version, kind: kinds[0] as string };
    return makeId(this.#schema, gvk, names[0] as string, namespaces[0] as string);
  }

  get allIds(): ResourceId[] {
    return [...this.previousIds, this.id];
  }

  /**
   * To be called once the object has a mark: where kustomize has put an annotation, there is a map of annotations, which
   * patches and replacements find.
   */
  showMarks(): void {
    const metadata = field(this.node, "metadata");
    if (this.node === undefined || isEmpty(metadata)) return;
    const old = field(metadata, "annotations");
    if (old !== undefined && old.items.length === 0) clearField(metadata as YamlNode, "annotations");
    lookupCreate(this.node, ["metadata", "annotations"], "map");
  }

  /** Forgets all marks; annotations that hold nothing else may go. */
  dropMarks(): void {
    this.previous = { names: [], namespaces: [], kinds: [] };
    this.prefixes = [];
    this.suffixes = [];
    this.behavior = undefined;
    this.isReferred = false;
    this.isHelmGenerated = false;
  }

  refer(): void {
    this.isReferred = true;
    this.showMarks();
  }

  rememberId(): void {
    const { id } = this;
    this.showMarks();
    // What is empty is not noted, so that the lists no longer match: kustomize ends there, and so do we.
    if (id.name !== "") this.previous.names.push(...id.name.split(","));
    this.previous.namespaces.push(...effectiveNamespace(id).split(","));
    if (id.kind !== "") this.previous.kinds.push(...id.kind.split(","));
  }

  /** Takes over what an input says of the past in kustomize's own annotations. */
  readMarks(): void {
    const { annotations } = this;
    if (annotations.size === 0) return;
    const read = (name: string): string[] => annotations.get(`${markPrefix}${name}`)?.split(",") ?? [];
    this.previous = {
      names: read("previousNames"),
      namespaces: read("previousNamespaces"),
      kinds: read("previousKinds"),
    };
    if (this.previous.names.length === 0) this.previous = { names: [], namespaces: [], kinds: [] };
    this.prefixes = read("prefixes");
    this.suffixes = read("suffixes");
    this.needsHash = annotations.get(`${markPrefix}needsHashSuffix`) === "enabled";
    this.isNameChangeAllowed = annotations.get(`${markPrefix}allowNameChange`) === "enabled";
    this.isKindChangeAllowed = annotations.get(`${markPrefix}allowKindChange`) === "enabled";
    this.isHelmGenerated = annotations.get(`${markPrefix}helm-generated`) === "true";
  }

  /** True when kustomize would by now have put an annotation of its own on the object. */
  get hasMarks(): boolean {
    return (
      this.previous.names.length > 0 ||
      this.prefixes.length > 0 ||
      this.suffixes.length > 0 ||
      this.behavior !== undefined ||
      this.isReferred ||
      this.isHelmGenerated
    );
  }

  /** All marks as one text, by which a change of them shows. */
  get marks(): string {
    const { previous, prefixes, suffixes, behavior = "", isReferred, isHelmGenerated } = this;
    return JSON.stringify([previous, prefixes, suffixes, behavior, isReferred, isHelmGenerated]);
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
    for (let i = 0; i + 1 < items.length; i += 2)
      map.set((items[i] as YamlNode).value, (items[i + 1] as YamlNode).value);
    return map;
  }

  setLabels(labels: ReadonlyMap<string, string>): void {
    this.#setMetadataMap("labels", labels);
  }

  /** Sets all annotations, as text. */
  setAnnotations(annotations: ReadonlyMap<string, string>): void {
    this.#setMetadataMap("annotations", annotations);
    if (this.hasMarks) this.showMarks();
  }

  #setMetadataMap(name: string, values: ReadonlyMap<string, string>): void {
    if (this.node === undefined) return;
    const metadata = lookupCreate(this.node, ["metadata"], "map");
    if (metadata === undefined) return;
    clearField(metadata, name);
    if (values.size === 0) return;
    const map = new YamlNode("map");
    for (const key of [...values.keys()].sort()) setField(map, key, text(values.get(key) as string));
    setField(metadata, name, map);
  }

  copy(): Resource {
    const copy = new Resource(this.node === undefined ? new YamlNode("map") : copyNode(this.node), this.#schema);
    if (this.node === undefined) copy.node = undefined;
    copy.previous = copyPrevious(this.previous);
    copy.prefixes = [...this.prefixes];
    copy.suffixes = [...this.suffixes];
    copy.needsHash = this.needsHash;
    copy.behavior = this.behavior;
    copy.isNameChangeAllowed = this.isNameChangeAllowed;
    copy.isKindChangeAllowed = this.isKindChangeAllowed;
    copy.isHelmGenerated = this.isHelmGenerated;
    copy.isReferred = this.isReferred;
    copy.varNames = [...this.varNames];
    return copy;
  }

  /** Takes name, namespace, history and metadata over from the object that this one replaces; own labels win. */
  takeMetadataFrom(other: Resource): void {
    this.setLabels(new Map([...other.labels, ...this.labels]));
    const annotations = new Map([...other.annotations, ...this.annotations]);
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.previous = copyPrevious(other.previous);
    this.prefixes = [...other.prefixes];
    this.suffixes = [...other.suffixes];
    this.needsHash = this.needsHash && other.needsHash;
    this.behavior = other.behavior;
    this.isNameChangeAllowed = other.isNameChangeAllowed;
    this.isKindChangeAllowed = other.isKindChangeAllowed;
    this.isHelmGenerated = other.isHelmGenerated;
    this.varNames = [...other.varNames];
    this.setAnnotations(annotations);
  }
}

function copyPrevious({ names, namespaces, kinds }: PreviousNames): PreviousNames {
  return { names: [...names], namespaces: [...namespaces], kinds: [...kinds] };
}
