// Strategic merge of a patch into an object, as kyaml's merge2 does it: maps merge field by field, lists whose schema says
// so by key, all else is replaced. New items of a list come first. The patch's own directives are `$patch` alone.

import { YamlNode } from "#formats/yaml";
import { invalid } from "./faults.ts";
import {
  addItems,
  assignNode,
  clearField,
  expectKind,
  field,
  fieldNames,
  findElement,
  getField,
  isMissing,
  keyOf,
  nullTag,
  setField,
  type SetOptions,
  untyped,
} from "./nodes.ts";
import type { MergeSchema, Schema } from "./schema.ts";

type Sources = { dest: YamlNode | undefined; patch: YamlNode | undefined };

/** A result to be kept although it is a null. */
type Merged = { node: YamlNode | undefined; isNullKept?: boolean };

const nothing: Merged = { node: undefined };

/** Merges the patch into the object, in place; undefined when the patch deletes it. */
export function mergePatch(dest: YamlNode, patch: YamlNode, schema: Schema): YamlNode | undefined {
  return new Merger(schema).walk({ dest, patch }, undefined).node;
}

class Merger {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  walk(sources: Sources, known: MergeSchema | undefined): Merged {
    const schema = known ?? this.#findSchema(sources);
    const first = !isMissing(sources.dest) ? sources.dest : !isMissing(sources.patch) ? sources.patch : undefined;
    const kind = (first as YamlNode | undefined)?.kind;
    if (kind === undefined || kind === "map") {
      if (kind === "map") expectBoth(sources, "map");
      return this.#walkMap(sources, schema);
    }
    if (kind === "list") {
      expectBoth(sources, "list");
      return mergesByKey(schema) ? this.#walkKeyedList(sources, schema as MergeSchema) : replace(sources);
    }
    expectBoth(sources, "scalar");
    return replace(sources);
  }

  /** Where the way down has no schema, a node that says its kind may bring one. */
  #findSchema(sources: Sources): MergeSchema | undefined {
    for (const node of [sources.dest, sources.patch]) {
      if (isMissing(node)) continue;
      const kind = field(node, "kind")?.value ?? "";
      const apiVersion = field(node, "apiVersion")?.value ?? "";
      const found = kind === "" || apiVersion === "" ? undefined : this.#schema.forKind(apiVersion, kind);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #walkMap(sources: Sources, schema: MergeSchema | undefined): Merged {
    const start = visitMap(sources);
    if (start.node === undefined) return nothing;
    const dest = start.node;
    const now: Sources = { dest, patch: sources.patch };
    const names = new Set([...fieldNames(dest), ...fieldNames(now.patch)]);
    for (const name of [...names].sort()) {
      const below = { dest: field(dest, name), patch: field(now.patch, name) };
      const merged = this.walk(below, this.#schema.field(schema, name));
      const isNew = merged.node !== undefined && merged.node === below.patch;
      this.#put(dest, name, { ...merged, keyStyle: isNew ? keyOf(now.patch, name)?.style : undefined });
    }
    return start;
  }

  #put(dest: YamlNode, name: string, merged: Merged & SetOptions): void {
    if (isMissing(dest) || dest.kind !== "map") return;
    setField(dest, name, merged.node, merged);
  }

  #walkKeyedList(sources: Sources, schema: MergeSchema): Merged {
    const start = visitList(sources);
    if (start.node === undefined) return nothing;
    const now: Sources = { dest: start.node, patch: sources.patch };
    const keys = schema.k ?? [];
    const values = keys.length > 0 ? elementValues(now, keys) : elementTexts(now);
    return { node: this.#mergeElements(now, values, { keys: keys.length > 0 ? keys : [""], schema }) };
  }

  #mergeElements(
    sources: Sources,
    found: string[][],
    { keys, schema }: { keys: readonly string[]; schema: MergeSchema },
  ): YamlNode | undefined {
    const dest = sources.dest as YamlNode;
    const added = new YamlNode("list");
    const values = keys.length > 1 ? unifyValues(found) : found;
    const elementSchema = this.#schema.elements(schema);
    let valid: KeyValues = { keys: [], values: [] };
    for (const one of values) {
      if (one.length === 0) continue;
      valid = validKeys(values, one, keys);
      const own = validKeys([valid.values], valid.values, valid.keys);
      const below: Sources = {
        dest: findElement(sources.dest, own.keys, own.values),
        patch: findElement(sources.patch, own.keys, own.values),
      };
      const merged = this.walk(below, elementSchema).node;
      if (!this.#completeElement(dest, merged, valid)) continue;
      setElement(added, merged, valid);
    }
    if (values.length > 0) appendElements(added, dest, valid.keys);
    const result = values.length > 0 ? added : dest;
    return isMissing(result) ? undefined : result;
  }

  /** Gives a merged element its keys; one that became empty is taken out of the list instead. */
  #completeElement(dest: YamlNode, merged: YamlNode | undefined, valid: KeyValues): boolean {
    let isKept = true;
    valid.keys.forEach((key, i) => {
      const value = valid.values[i] ?? "";
      if (isMissing(merged) || ((merged as YamlNode).kind === "map" && (merged as YamlNode).items.length === 0)) {
        setElement(dest, undefined, valid);
        isKept = false;
      } else if (value === "") return;
      else if (key === "") assignNode(merged as YamlNode, untypedLike(merged as YamlNode));
      else if ((merged as YamlNode).kind === "map" && field(merged, key) === undefined)
        setField(merged as YamlNode, key, untyped(value));
    });
    return isKept;
  }
}

/** A value that is its own key is written anew: tags and comments are gone, the style stays (kyaml, FieldSetter without a name). */
function untypedLike({ value, style }: YamlNode): YamlNode {
  const node = untyped(value);
  node.style = style;
  return node;
}

function expectBoth(sources: Sources, kind: "map" | "list" | "scalar"): void {
  expectKind(sources.dest, kind);
  expectKind(sources.patch, kind);
}

function mergesByKey(schema: MergeSchema | undefined): boolean {
  return schema?.s?.split(",").includes("merge") ?? false;
}

/** Comments of the patch stay with what is merged, whatever becomes of the patch; so does its style where there was nothing. */
function takeLooks({ dest, patch }: Sources): void {
  if (dest === undefined || patch === undefined) return;
  if (dest.kind !== "scalar" && dest.items.length === 0) {
    dest.style = patch.style;
    dest.isTagged = patch.isTagged;
  }
  dest.lineComment = patch.lineComment || dest.lineComment;
  dest.headComment = patch.headComment || dest.headComment;
  dest.footComment = patch.footComment || dest.footComment;
}

function replace(sources: Sources): Merged {
  takeLooks(sources);
  return { node: sources.patch ?? sources.dest };
}

function visitMap({ dest, patch }: Sources): Merged {
  takeLooks({ dest, patch });
  if (isMissing(dest)) {
    if (patch !== undefined && patch.kind !== "scalar" && directive(patch) === "delete") return nothing;
    const old = dest as YamlNode | undefined;
    if (patch === undefined && old !== undefined && old.value.length > 0)
      return { node: new YamlNode("scalar", old.value, nullTag), isNullKept: true };
    return { node: patch };
  }
  return visitDirective({ dest, patch });
}

function visitList({ dest, patch }: Sources): Merged {
  takeLooks({ dest, patch });
  return isMissing(dest) ? { node: patch } : visitDirective({ dest, patch });
}

function visitDirective({ dest, patch }: Sources): Merged {
  if (patch?.tag === nullTag) return nothing;
  const what = patch === undefined ? "merge" : directive(patch);
  if (what === "delete") return nothing;
  return { node: what === "replace" ? patch : dest };
}

type Directive = "merge" | "replace" | "delete";

/** The patch's own `$patch`, which is taken out of it. */
function directive(patch: YamlNode): Directive {
  if (patch.kind === "map") {
    const value = getField(patch, "$patch");
    if (value === undefined) return "merge";
    const what = asDirective(value.value);
    clearField(patch, "$patch");
    return what;
  }
  if (patch.kind !== "list") throw invalid("a strategic merge patch has no directive for a single value");
  const element = patch.items.find((item) => item.kind === "map" && field(item, "$patch") !== undefined);
  if (element === undefined || element.items.length > 2) return "merge";
  const { value } = field(element, "$patch") as YamlNode;
  const what = asDirective(value);
  setElement(patch, undefined, { keys: ["$patch"], values: [value] });
  return what;
}

function asDirective(value: string): Directive {
  if (value === "merge" || value === "replace" || value === "delete") return value;
  throw invalid(`unknown patch strategy '${value}'`, { hint: "$patch is merge, replace or delete" });
}

type KeyValues = { keys: readonly string[]; values: readonly string[] };

/** Key values of all elements, those of the patch first, each once. */
function elementValues(sources: Sources, keys: readonly string[]): string[][] {
  const result: string[][] = [];
  const seen = new Set<string>();
  for (const list of [sources.patch, sources.dest]) {
    if (list === undefined || list.tag === nullTag) continue;
    for (const item of list.items) {
      const values = keys.map((key) => {
        const value = field(item, key);
        return isMissing(value) ? "" : (value as YamlNode).value;
      });
      const id = values.join("\0");
      if (seen.has(id)) continue;
      seen.add(id);
      result.push(values);
    }
  }
  return result;
}

function elementTexts(sources: Sources): string[][] {
  const texts = [sources.patch, sources.dest].flatMap((list) => list?.items.map((item) => item.value) ?? []);
  return Array.from(new Set(texts)).map((text) => [text]);
}

/** Keys that no element has are left out; where none has any, all stay. */
function validKeys(all: readonly (readonly string[])[], values: readonly string[], keys: readonly string[]): KeyValues {
  const isUsed = keys.map((_, i) => all.some((one) => (one[i] ?? "") !== ""));
  if (!isUsed.includes(true)) return { keys, values };
  return {
    keys: keys.filter((_, i) => isUsed[i]),
    values: values.filter((value, i) => value !== "" || isUsed[i]),
  };
}

/** With several keys, elements that agree in one and contradict in none are the same element. */
function unifyValues(list: string[][]): string[][] {
  for (let i = 0; i < list.length; i++) {
    // What it was at first is compared with all, though it may have changed by then (kyaml, mergeValues).
    const first = list[i] as string[];
    for (let j = 0; j < list.length; j++) {
      const unified = unify(first, list[j] as string[]);
      if (unified === undefined) continue;
      list[i] = unified;
      list[j] = unified;
    }
  }
  return list;
}

function unify(a: readonly string[], b: readonly string[]): string[] | undefined {
  if (a.length !== b.length) return undefined;
  if (a.some((value, i) => value !== b[i] && value !== "" && b[i] !== "")) return undefined;
  if (!a.some((value, i) => value === b[i])) return undefined;
  return a.map((value, i) => (value === "" ? (b[i] as string) : value));
}

/** Puts an element in the place of those with the same keys, or at the end; undefined takes them out (kyaml, ElementSetter). */
function setElement(list: YamlNode, element: YamlNode | undefined, { keys, values }: KeyValues): void {
  const isForMaps = keys.length > 0 && keys[0] !== "" && values.length > 0 && values[0] !== "";
  const kept: YamlNode[] = [];
  let isFound = false;
  for (const item of list.items) {
    if (isMissing(item) || (item.kind === "map" && item.items.length === 0)) continue;
    if (item.kind !== "map" && isForMaps) {
      kept.push(item);
      continue;
    }
    if (!matchesKeys(item, keys, values)) {
      if (values.length > 0) kept.push(item);
      continue;
    }
    isFound = true;
    if (element !== undefined) kept.push(element);
  }
  list.items = kept;
  if (!isMissing(element) && !isFound) addItems(list, element as YamlNode);
}

/** A value that is "" is not looked at, as long as the field is there. */
function matchesKeys(item: YamlNode, keys: readonly string[], values: readonly string[]): boolean {
  if (keys.length === 0) return false;
  let last: boolean | undefined;
  return keys.every((key, i) => {
    if (i >= values.length) return last ?? false;
    const value = values[i] as string;
    last = matchesKey(item, key, value);
    return last;
  });
}

function matchesKey(item: YamlNode, key: string, value: string): boolean {
  if (key === "") {
    expectKind(item, "scalar");
    return item.value === value;
  }
  const found = getField(item, key);
  return found !== undefined && (value === "" || found.value === value);
}

/** Adds the elements of `source` behind those of `list`, each in the place of the one with the same keys. */
function appendElements(list: YamlNode, source: YamlNode, keys: readonly string[]): void {
  for (const element of source.items) {
    if (keys[0] === "" || keys.length === 0) {
      setElement(list, element, { keys: [""], values: [element.value] });
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      const value = getField(element, key);
      if (value === undefined) addItems(list, element);
      else values.push(value.value);
    }
    if (keys.length > 1) setElement(list, undefined, { keys, values });
    setElement(list, element, { keys, values });
  }
}
