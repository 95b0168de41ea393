// A schema and all that it refers to as nodes that can be asked about values. What is no schema by its own draft is refused here.

import { GoError, quote } from "#formats/gotemplate";
import { compilePattern, type Pattern } from "../functions/regex.ts";
import { type Data, type DataMap, isDataList, isDataMap, NumberText } from "./data.ts";
import {
  dataAt,
  joinReference,
  loadDocument,
  type Place,
  placeText,
  type Resource,
  ResourceFinder,
  Root,
  SchemaError,
  splitReference,
  textIn,
  usualDialect,
} from "./documents.ts";
import { type Dialect, hasVocabulary } from "./drafts.ts";
import { formatChecks } from "./formats.ts";
import { escapeStep } from "./problems.ts";

/** A schema ready to be asked. */
export type SchemaNode = {
  place: Place;
  /** Its place as messages name it. */
  location: string;
  version: Dialect["draft"]["version"];
  /** A schema that is no object; undefined otherwise. */
  verdict: boolean | undefined;
  resource: SchemaNode;
  recursiveAnchor: boolean;
  /** Of a resource: what its dynamic anchors mean. */
  dynamicAnchors: Map<string, SchemaNode>;
  reference: SchemaNode | undefined;
  recursiveReference: SchemaNode | undefined;
  dynamicReference: { node: SchemaNode; anchor: string } | undefined;
  dynamicAnchor: string;
  types: ReadonlySet<string> | undefined;
  constant: { value: Data } | undefined;
  choices: readonly Data[] | undefined;
  format: string | undefined;
  pattern: Pattern | undefined;
  numbers: ReadonlyMap<string, NumberText>;
  /** Whole numbers of keywords that count. */
  counts: ReadonlyMap<string, number>;
  isUnique: boolean;
  required: readonly string[];
  /** Single schemas, by keyword. */
  inner: ReadonlyMap<string, SchemaNode>;
  /** Lists of schemas, by keyword. */
  lists: ReadonlyMap<string, readonly SchemaNode[]>;
  /** Schemas by name, by keyword. */
  named: ReadonlyMap<string, ReadonlyMap<string, SchemaNode>>;
  patterns: readonly { pattern: Pattern; node: SchemaNode }[];
  /** `additionalProperties` and `additionalItems` where they are no schemas. */
  flags: ReadonlyMap<string, boolean>;
  /** Names that a name asks for: `dependencies` and `dependentRequired`. */
  dependencies: ReadonlyMap<string, readonly string[]>;
  dependentRequired: ReadonlyMap<string, readonly string[]>;
};

/** Judges a document by the metaschema of its dialect; throws what is wrong with it. */
export type MetaCheck = (root: Root, pointer: string, data: Data) => void;

export class Compiler {
  readonly #documents = new Map<string, Data>();
  readonly #roots = new Map<string, Root>();
  readonly #nodes = new Map<string, SchemaNode>();
  readonly #queue: SchemaNode[] = [];
  readonly #finder: ResourceFinder;
  readonly #check: MetaCheck | undefined;

  /** Without a check, documents are metaschemas: of them, formats count in every draft. */
  constructor(check: MetaCheck | undefined) {
    this.#check = check;
    this.#finder = new ResourceFinder((url) => this.#load(url));
  }

  add(url: string, data: Data): void {
    this.#documents.set(url, data);
  }

  compile(url: string): SchemaNode {
    const root = this.#root(url);
    const node = this.#node(root.placeOf("", root.resources.get("") as Resource));
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#fill(next);
    return node;
  }

  #load(url: string): Data {
    const known = this.#documents.get(url);
    if (known !== undefined) return known;
    const data = loadDocument(url);
    this.#documents.set(url, data);
    return data;
  }

  #root(url: string): Root {
    const known = this.#roots.get(url);
    if (known !== undefined) return known;
    const root = new Root(url, this.#load(url));
    this.#finder.find(root, "", url, usualDialect);
    if (!/^https?:\/\/json-schema\.org\//.test(url)) this.#check?.(root, "", root.data);
    this.#roots.set(url, root);
    return root;
  }

  #node(place: Place): SchemaNode {
    const key = `${place.url}#${place.pointer}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node = newNode(place);
    this.#nodes.set(key, node);
    this.#queue.push(node);
    return node;
  }

  /** A reference may lead to where no schema was known to stand. */
  #ensure(root: Root, pointer: string): Data {
    const data = dataAt(root, pointer);
    if (root.processed.has(pointer)) return data;
    const { id, dialect } = root.resourceAt(pointer);
    this.#finder.find(root, pointer, id, dialect);
    this.#check?.(root, pointer, data);
    return data;
  }

  #fill(node: SchemaNode): void {
    const { url, pointer } = node.place;
    const root = this.#root(url);
    const data = this.#ensure(root, pointer);
    const resource = root.resourceAt(pointer);
    node.version = resource.dialect.draft.version;
    node.resource = this.#node({ url, pointer: resource.pointer });
    if (node.version >= 2020 && node === node.resource)
      for (const anchor of resource.dynamicAnchors)
        node.dynamicAnchors.set(anchor, this.#node({ url, pointer: resource.anchors.get(anchor) as string }));
    if (typeof data === "boolean") node.verdict = data;
    else if (isDataMap(data) && data.size === 0) node.verdict = true;
    else if (isDataMap(data)) this.#fillObject(node, data, { root, resource });
  }

  #fillObject(node: SchemaNode, data: DataMap, around: { root: Root; resource: Resource }): void {
    const reader = new KeywordReader(node, data, (pointer) => this.#node({ url: node.place.url, pointer }));
    node.reference = this.#reference(data, "$ref", around);
    const { dialect } = around.resource;
    const has = (name: string): boolean => hasVocabulary(dialect, name);
    // In older drafts, what draft 4 knows does not count beside a reference.
    const isAlone = node.version < 2019 && node.reference !== undefined;
    if (!isAlone && has("applicator")) reader.readApplicators();
    if (!isAlone && has("validation")) reader.readAssertions();
    if (!isAlone && this.#checksFormats(dialect)) reader.readFormat();
    if (node.version >= 6) reader.readNewer(has);
    if (node.version === 2019 || node.version === 2020) {
      node.recursiveReference = this.#reference(data, "$recursiveRef", around);
      node.recursiveAnchor = data.get("$recursiveAnchor") === true;
    }
    if (node.version === 2020) this.#readDynamic(node, data, around);
  }

  #readDynamic(node: SchemaNode, data: DataMap, around: { root: Root; resource: Resource }): void {
    const target = this.#reference(data, "$dynamicRef", around);
    if (target !== undefined) {
      const { fragment } = splitReference(textIn(data, "$dynamicRef") ?? "");
      node.dynamicReference = { node: target, anchor: fragment.startsWith("/") ? "" : fragment };
    }
    node.dynamicAnchor = textIn(data, "$dynamicAnchor") ?? "";
  }

  #checksFormats(dialect: Dialect): boolean {
    if (this.#check === undefined || dialect.draft.version < 2019) return true;
    return hasVocabulary(dialect, dialect.draft.version === 2019 ? "format" : "format-assertion");
  }

  #reference(
    data: DataMap,
    keyword: string,
    { root, resource }: { root: Root; resource: Resource },
  ): SchemaNode | undefined {
    const text = textIn(data, keyword);
    if (text === undefined) return undefined;
    const { url, fragment } = joinReference(resource.id, text);
    const inside = root.resourceNamed(url);
    if (inside !== undefined) return this.#node(root.placeOf(fragment, inside));
    const other = this.#root(url);
    return this.#node(other.placeOf(fragment, other.resources.get("") as Resource));
  }
}

/** A node about which nothing is known yet. */
export function newNode(place: Place): SchemaNode {
  const node: Omit<SchemaNode, "resource"> = {
    place,
    location: placeText(place.url, place.pointer),
    version: 2020,
    verdict: undefined,
    recursiveAnchor: false,
    dynamicAnchors: new Map(),
    reference: undefined,
    recursiveReference: undefined,
    dynamicReference: undefined,
    dynamicAnchor: "",
    types: undefined,
    constant: undefined,
    choices: undefined,
    format: undefined,
    pattern: undefined,
    numbers: new Map(),
    counts: new Map(),
    isUnique: false,
    required: [],
    inner: new Map(),
    lists: new Map(),
    named: new Map(),
    patterns: [],
    flags: new Map(),
    dependencies: new Map(),
    dependentRequired: new Map(),
  };
  const made = node as SchemaNode;
  made.resource = made;
  return made;
}

/** Reads the keywords of one schema into its node; what has the wrong shape is passed over, as nothing there can be meant. */
class KeywordReader {
  readonly #node: SchemaNode;
  readonly #data: DataMap;
  readonly #nodeAt: (pointer: string) => SchemaNode;
  readonly #pointer: string;

  constructor(node: SchemaNode, data: DataMap, nodeAt: (pointer: string) => SchemaNode) {
    this.#node = node;
    this.#data = data;
    this.#nodeAt = nodeAt;
    this.#pointer = node.place.pointer;
  }

  readApplicators(): void {
    const { version } = this.#node;
    for (const keyword of ["allOf", "anyOf", "oneOf"]) this.#list(keyword);
    this.#inner("not");
    if (version < 2020 && isDataList(this.#data.get("items"))) {
      this.#list("items");
      this.#flagOrInner("additionalItems");
    } else if (version < 2020) this.#inner("items");
    this.#named("properties");
    this.#named("patternProperties");
    this.#node.patterns = Array.from(this.#node.named.get("patternProperties") ?? [], ([text, node]) => ({
      pattern: this.#pattern("patternProperties", text),
      node,
    }));
    this.#flagOrInner("additionalProperties");
    this.#dependencies();
  }

  readAssertions(): void {
    const node = this.#node;
    const types = this.#data.get("type");
    const names = (isDataList(types) ? types : [types]).filter((name): name is string =>
      typeNames.includes(name as string),
    );
    if (names.length > 0) node.types = new Set(typeNames.filter((name) => names.includes(name)));
    const choices = this.#data.get("enum");
    if (isDataList(choices)) node.choices = choices;
    node.numbers = this.#numbers();
    node.counts = this.#counts(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]);
    const pattern = textIn(this.#data, "pattern");
    if (pattern !== undefined) node.pattern = this.#pattern("pattern", pattern);
    node.isUnique = this.#data.get("uniqueItems") === true;
    node.required = textsOf(this.#data.get("required"));
  }

  readFormat(): void {
    const name = textIn(this.#data, "format");
    if (name !== undefined && formatChecks.has(name)) this.#node.format = name;
  }

  /** What came after draft 4. */
  readNewer(has: (vocabulary: string) => boolean): void {
    const node = this.#node;
    const { version } = node;
    if (has("applicator")) for (const keyword of ["contains", "propertyNames"]) this.#inner(keyword);
    const constant = this.#data.get("const");
    if (constant !== undefined && has("validation")) node.constant = { value: constant };
    if (version >= 7 && has("applicator") && this.#data.has("if")) {
      this.#inner("if");
      const sure = this.#data.get("if");
      if (sure !== false) this.#inner("then");
      if (sure !== true) this.#inner("else");
    }
    if (version < 2019) return;
    if (has("validation")) {
      if (node.inner.has("contains"))
        node.counts = new Map([...node.counts, ...this.#counts(["minContains", "maxContains"])]);
      const needed = this.#data.get("dependentRequired");
      if (isDataMap(needed))
        node.dependentRequired = new Map(
          Array.from(needed).flatMap(([name, names]) => (isDataList(names) ? [[name, textsOf(names)]] : [])),
        );
    }
    if (has("applicator")) this.#named("dependentSchemas");
    if (has(version === 2019 ? "applicator" : "unevaluated"))
      for (const keyword of ["unevaluatedItems", "unevaluatedProperties"]) this.#inner(keyword);
    if (version < 2020 || !has("applicator")) return;
    this.#list("prefixItems");
    this.#inner("items");
  }

  #at(...steps: string[]): SchemaNode {
    return this.#nodeAt(`${this.#pointer}/${steps.map(escapeStep).join("/")}`);
  }

  #inner(keyword: string): void {
    if (this.#data.has(keyword)) (this.#node.inner as Map<string, SchemaNode>).set(keyword, this.#at(keyword));
  }

  #flagOrInner(keyword: string): void {
    const value = this.#data.get(keyword);
    if (typeof value === "boolean") (this.#node.flags as Map<string, boolean>).set(keyword, value);
    else this.#inner(keyword);
  }

  #list(keyword: string): void {
    const items = this.#data.get(keyword);
    if (isDataList(items))
      (this.#node.lists as Map<string, SchemaNode[]>).set(
        keyword,
        items.map((_, i) => this.#at(keyword, String(i))),
      );
  }

  #named(keyword: string): void {
    const members = this.#data.get(keyword);
    if (isDataMap(members))
      (this.#node.named as Map<string, Map<string, SchemaNode>>).set(
        keyword,
        new Map(Array.from(members.keys(), (name) => [name, this.#at(keyword, name)])),
      );
  }

  #dependencies(): void {
    const members = this.#data.get("dependencies");
    if (!isDataMap(members)) return;
    const schemas = new Map<string, SchemaNode>();
    for (const [name, value] of members) {
      if (isDataList(value)) (this.#node.dependencies as Map<string, string[]>).set(name, textsOf(value));
      else schemas.set(name, this.#at("dependencies", name));
    }
    (this.#node.named as Map<string, Map<string, SchemaNode>>).set("dependencies", schemas);
  }

  /** Bounds of numbers; an exclusive one may be a flag beside the bound. */
  #numbers(): Map<string, NumberText> {
    const numbers = new Map<string, NumberText>();
    for (const keyword of ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
      const value = this.#data.get(keyword);
      if (value instanceof NumberText) numbers.set(keyword, value);
    }
    for (const [bound, exclusive] of [
      ["minimum", "exclusiveMinimum"],
      ["maximum", "exclusiveMaximum"],
    ] as const) {
      const value = numbers.get(bound);
      if (this.#data.get(exclusive) !== true) continue;
      numbers.delete(bound);
      if (value !== undefined) numbers.set(exclusive, value);
    }
    return numbers;
  }

  #counts(keywords: readonly string[]): Map<string, number> {
    return new Map(
      keywords.flatMap((keyword) => {
        const value = this.#data.get(keyword);
        return value instanceof NumberText && value.isInteger ? [[keyword, Number(value.text)] as const] : [];
      }),
    );
  }

  #pattern(keyword: string, text: string): Pattern {
    try {
      return compilePattern(text);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      const place = placeText(this.#node.place.url, `${this.#pointer}/${keyword}`);
      throw new SchemaError(`invalid regex ${quote(text)} at ${quote(place)}: ${error.message}`);
    }
  }
}

/** In the order in which messages name them. */
const typeNames: readonly string[] = ["null", "boolean", "number", "integer", "string", "array", "object"];

function textsOf(data: Data | undefined): string[] {
  return isDataList(data) ? data.filter((item) => typeof item === "string") : [];
}
