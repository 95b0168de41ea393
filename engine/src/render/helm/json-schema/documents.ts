// The texts that schemas stand in: which parts have names of their own, which draft each follows, and where references lead.

import { quote } from "#formats/gotemplate";
import { type Data, isDataList, isDataMap } from "./data.ts";
import { type Dialect, type Draft, draft2020, draftAt, metaschemaAt } from "./drafts.ts";
import { escapeStep } from "./problems.ts";

/** A schema that cannot be used; the message is Helm's. */
export class SchemaError extends Error {}

/** A part with a name of its own: what is relative in it is relative to that. */
export type Resource = {
  pointer: string;
  id: string;
  dialect: Dialect;
  anchors: Map<string, string>;
  dynamicAnchors: Set<string>;
};

export type Place = { url: string; pointer: string };

/** One text, by its URL. */
export class Root {
  readonly url: string;
  readonly data: Data;
  readonly resources: Map<string, Resource> = new Map();
  /** Where schemas are known to stand. */
  readonly processed: Set<string> = new Set();

  constructor(url: string, data: Data) {
    this.url = url;
    this.data = data;
  }

  /** The innermost resource around a place. */
  resourceAt(pointer: string): Resource {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
      const found = this.resources.get(at);
      if (found !== undefined) return found;
      if (!at.includes("/")) return this.resources.get("") as Resource;
    }
  }

  resourceNamed(id: string): Resource | undefined {
    if (id === this.url) return this.resources.get("");
    for (const resource of this.resources.values()) if (resource.id === id) return resource;
    return undefined;
  }

  /** Where a fragment leads in a resource. */
  placeOf(fragment: string, resource: Resource): Place {
    if (fragment === "" || fragment.startsWith("/")) return { url: this.url, pointer: resource.pointer + fragment };
    const pointer = resource.anchors.get(fragment);
    if (pointer === undefined)
      throw new SchemaError(
        `anchor in ${quote(placeText(resource.id, fragment))} not found in schema ${quote(this.url)}`,
      );
    return { url: this.url, pointer };
  }
}

/** A place as messages name it. */
export function placeText(url: string, pointer: string): string {
  const steps = pointer
    .split("/")
    .map((step) => encodeURIComponent(step).replace(/%(24|26|2B|3A|3D|40)/g, decodeURIComponent));
  return `${url}#${steps.join("/").replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

/** What stands at a place. */
export function dataAt(root: Root, pointer: string): Data {
  let data = root.data;
  for (const step of pointer.split("/").slice(1)) {
    if (/~(?![01])/.test(step)) throw new SchemaError(`invalid json-pointer ${quote(placeText(root.url, pointer))}`);
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const inner = isDataMap(data)
      ? data.get(key)
      : isDataList(data) && /^[-+]?\d+$/.test(key)
        ? data[Number(key)]
        : undefined;
    if (inner === undefined) throw new SchemaError(`json-pointer in ${quote(placeText(root.url, pointer))} not found`);
    data = inner;
  }
  return data;
}

/** An URL and its fragment, decoded. */
export function splitReference(reference: string): { url: string; fragment: string } {
  const hash = reference.indexOf("#");
  const fragment = hash < 0 ? "" : reference.slice(hash + 1);
  try {
    return { url: hash < 0 ? reference : reference.slice(0, hash), fragment: decodeURIComponent(fragment) };
  } catch {
    const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(fragment)?.[0] ?? "";
    throw new SchemaError(`error in parsing ${quote(reference)}: invalid URL escape ${quote(escape)}`);
  }
}

/** Where a reference in the text at `base` leads. */
export function joinReference(base: string, reference: string): { url: string; fragment: string } {
  const { url, fragment } = splitReference(reference);
  if (url === "") return { url: base, fragment };
  if (url.startsWith(":") || /%(?![0-9a-fA-F]{2})/.test(url))
    throw new SchemaError(`error in parsing ${quote(url)}: parse ${quote(url)}: invalid URL`);
  return { url: resolveUrl(base, url), fragment };
}

/** RFC 3986, 5.2. */
function resolveUrl(base: string, reference: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference)) return reference;
  const [, scheme = "", host, path = ""] = /^([A-Za-z][A-Za-z0-9+.-]*:)(\/\/[^/?]*)?([^?]*)/.exec(base) ?? [];
  // What has no host and no path has nothing to be relative to.
  if (host === undefined && !path.startsWith("/")) return base;
  if (reference.startsWith("//")) return scheme + reference;
  if (reference.startsWith("?")) return scheme + (host ?? "") + path + reference;
  const full = reference.startsWith("/") ? reference : path.slice(0, path.lastIndexOf("/") + 1) + reference;
  const [plain = "", query] = full.split(/\?(.*)/s);
  return scheme + (host ?? "") + withoutDots(plain) + (query === undefined ? "" : `?${query}`);
}

function withoutDots(path: string): string {
  const steps: string[] = [];
  const given = path.split("/").slice(1);
  for (const [i, step] of given.entries()) {
    const isDots = step === "." || step === "..";
    if (step === "..") steps.pop();
    if (!isDots) steps.push(step);
    else if (i === given.length - 1) steps.push("");
  }
  return `/${steps.join("/")}`;
}

export function textIn(data: Data, key: string): string | undefined {
  const value = isDataMap(data) ? data.get(key) : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The text at an URL that no document of ours has. */
export function loadDocument(url: string): Data {
  const meta = metaschemaAt(url);
  if (meta !== undefined) return meta;
  const failed = (reason: string): SchemaError => new SchemaError(`failing loading ${quote(url)}: ${reason}`);
  // As Helm takes what nobody resolves: anything fits it.
  if (url.startsWith("urn:")) return true;
  if (url.startsWith("file://")) throw failed(`open ${url.slice("file://".length)}: no such file or directory`);
  if (/^https?:/.test(url)) throw failed("schemas are not fetched from the network");
  throw failed(`no URLLoader registered for ${quote(url)}`);
}

/** Finds the resources, the drafts and the anchors of a text. */
export class ResourceFinder {
  readonly #load: (url: string) => Data;

  constructor(load: (url: string) => Data) {
    this.#load = load;
  }

  find(root: Root, pointer: string, base: string, around: Dialect): void {
    if (root.processed.has(pointer)) return;
    this.#findIn(root, pointer, { base, around, data: dataAt(root, pointer) });
    root.processed.add(pointer);
  }

  #findIn(root: Root, pointer: string, at: { base: string; around: Dialect; data: Data }): void {
    const { data, around } = at;
    if (!isDataMap(data)) {
      if (pointer === "") root.resources.set(pointer, newResource(pointer, at.base, around));
      return;
    }
    let draft = this.#draftOf({ url: root.url, pointer }, data, around.draft, new Set());
    let id = idOf(draft, data);
    // A draft counts only where a resource begins.
    const isNamed = id !== "" || pointer === "";
    if (!isNamed) {
      draft = around.draft;
      id = idOf(draft, data);
    }
    const base = id === "" ? at.base : this.#idUrl(at.base, id, { url: root.url, pointer });
    if (id !== "" || pointer === "") {
      const names = isNamed && textIn(data, "$schema") !== undefined;
      this.#add(
        root,
        newResource(pointer, base, names ? { draft, vocabularies: this.#vocabulariesOf(data, draft) } : around),
      );
    }
    const resource = Array.from(root.resources.values()).find((one) => one.id === base) as Resource;
    collectAnchors(data, pointer, resource, root);
    for (const path of draft.subschemas)
      for (const inner of placesOf(data, pointer, path.split("/"))) this.find(root, inner, base, resource.dialect);
  }

  #idUrl(base: string, id: string, { url, pointer }: Place): string {
    try {
      return joinReference(base, id).url;
    } catch {
      throw new SchemaError(`error in parsing id at ${quote(placeText(url, pointer))}`);
    }
  }

  #add(root: Root, resource: Resource): void {
    const known = Array.from(root.resources.values()).find(({ id }) => id === resource.id);
    if (known === undefined) root.resources.set(resource.pointer, resource);
    else if (known.pointer !== resource.pointer)
      throw new SchemaError(
        `duplicate id ${quote(resource.id)} in ${quote(root.url)} at ${quote(resource.pointer)} and ${quote(known.pointer)}`,
      );
  }

  #draftOf(place: Place, data: Data, usual: Draft, seen: Set<string>): Draft {
    const named = textIn(data, "$schema");
    if (named === undefined) return usual;
    const draft = draftAt(named);
    if (draft !== undefined) return draft;
    const url = named.split("#", 1)[0] as string;
    if (place.pointer === "" && url === place.url) throw new SchemaError(`draft ${quote(url)} is not supported`);
    if (seen.has(url)) throw new SchemaError(`cycle in resolving $schema in ${quote(url)}`);
    seen.add(url);
    return this.#draftOf({ url, pointer: "" }, this.#load(url), usual, seen);
  }

  /** What a metaschema of one's own asks for. */
  #vocabulariesOf(data: Data, draft: Draft): string[] | undefined {
    const named = textIn(data, "$schema") ?? "";
    if (draftAt(named) !== undefined || draft.version < 2019) return undefined;
    const url = named.split("#", 1)[0] as string;
    const meta = this.#load(url);
    const asked = isDataMap(meta) ? meta.get("$vocabulary") : undefined;
    if (!isDataMap(asked)) return undefined;
    const found = new Set<string>();
    for (const [vocabulary, isNeeded] of asked) {
      if (isNeeded !== true) continue;
      const name = vocabulary.startsWith(draft.vocabularyPrefix) ? vocabulary.slice(draft.vocabularyPrefix.length) : "";
      if (!draft.vocabularies.includes(name))
        throw new SchemaError(`unsupported vocabulary ${quote(vocabulary)} in ${quote(url)}`);
      found.add(name);
    }
    return [...found.add("core")];
  }
}

function newResource(pointer: string, id: string, dialect: Dialect): Resource {
  return { pointer, id, dialect, anchors: new Map(), dynamicAnchors: new Set() };
}

/** The dialect of a text that names none. */
export const usualDialect: Dialect = { draft: draft2020, vocabularies: undefined };

function idOf(draft: Draft, data: Data): string {
  // Beside a reference nothing counts, in older drafts.
  if (draft.version < 2019 && isDataMap(data) && data.has("$ref")) return "";
  return (textIn(data, draft.id) ?? "").split("#", 1)[0] as string;
}

function collectAnchors(data: Data, pointer: string, resource: Resource, root: Root): void {
  const { version, id } = resource.dialect.draft;
  const add = (anchor: string): void => {
    const known = resource.anchors.get(anchor);
    if (known !== undefined && known !== pointer)
      throw new SchemaError(
        `duplicate anchor ${quote(anchor)} in ${quote(root.url)} at ${quote(known)} and ${quote(pointer)}`,
      );
    resource.anchors.set(anchor, pointer);
  };
  if (version < 2019) {
    if (isDataMap(data) && data.has("$ref")) return;
    const { fragment } = splitReference(textIn(data, id) ?? "");
    if (fragment !== "" && !fragment.startsWith("/")) add(fragment);
    return;
  }
  const anchor = textIn(data, "$anchor");
  if (anchor !== undefined) add(anchor);
  const dynamic = version < 2020 ? undefined : textIn(data, "$dynamicAnchor");
  if (dynamic === undefined) return;
  add(dynamic);
  resource.dynamicAnchors.add(dynamic);
}

/** The places that a path of a draft leads to. */
function placesOf(data: Data, pointer: string, path: readonly string[]): string[] {
  const [step, ...rest] = path;
  if (step === undefined) return [pointer];
  const inner: [string, Data][] = [];
  if (step === "[]") inner.push(...(isDataList(data) ? data.map((item, i): [string, Data] => [String(i), item]) : []));
  else if (isDataMap(data)) inner.push(...Array.from(data).filter(([key]) => step === "*" || key === step));
  return inner.flatMap(([key, value]) => placesOf(value, `${pointer}/${escapeStep(key)}`, rest));
}
