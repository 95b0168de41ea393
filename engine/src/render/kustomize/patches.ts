// The three fields that hold patches: strategic merge or JSON 6902, inline or from a file, at a target or where the patch
// itself says.

import { compareKeys, writeNodes, type YamlNode } from "#formats/yaml";
import { type Fault, isObject, type Json, type JsonObject, setOwn } from "#kernel";
import { attempt, fault, invalid, within } from "./faults.ts";
import { formatApiVersion, formatId, idKey } from "./ids.ts";
import { applyOperations, type JsonPatch, parseJsonPatch } from "./json-patch.ts";
import type { Patch, Selector } from "./kustomization.ts";
import type { Loader } from "./loader.ts";
import { mergePatch } from "./merge.ts";
import { decodeText, readNode, readResources } from "./read.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import type { Schema } from "./schema.ts";
import { dataToNode, nodeToData } from "./values.ts";

type Context = { loader: Loader; schema: Schema };

type ParsedPatch = { merges?: Resource[]; operations?: JsonPatch };

/** A function that applies an entry of `patches`; reading it fails at once when it is wrong. */
export function preparePatch(entry: Patch, context: Context): (list: ResourceList) => void {
  const { text, source } = patchText(entry, context.loader);
  const parsed = within(source, "unable to use this patch", () => parsePatch(text, context.schema));
  for (const merge of parsed.merges ?? []) {
    const { allowNameChange, allowKindChange } = entry.options ?? {};
    if (allowNameChange) merge.enable("allowNameChange");
    if (allowKindChange) merge.enable("allowKindChange");
  }
  return (list) =>
    within(source, "this patch does not apply", () => {
      if (parsed.merges !== undefined)
        applyMerges(list, parsed.merges, { target: entry.target, schema: context.schema });
      else if (parsed.operations !== undefined)
        applyJsonPatch(list, parsed.operations, { target: entry.target, remembersIds: true });
      list.forgetIds();
    });
}

function patchText(entry: Patch, loader: Loader): { text: string; source: string } {
  const inline = (entry.patch ?? "").trim();
  const path = entry.path ?? "";
  if (inline === "" && path === "") throw invalid("must specify one of patch and path", { at: "patches" });
  if (inline !== "" && path !== "") throw invalid("patch and path can't be set at the same time", { at: "patches" });
  if (inline !== "") return { text: inline, source: "patches" };
  return { text: decodeText(loader.load(path)), source: path };
}

/** A patch is what it can be read as; being readable as both is an error. */
function parsePatch(text: string, schema: Schema): ParsedPatch {
  const merges = attempt(() => readResources(text, schema));
  const operations = attempt(() => parseOperations(text));
  const hasMerges = merges.value !== undefined && merges.value.length > 0;
  const hasOperations = operations.value !== undefined && operations.value.length > 0;
  if (hasMerges && hasOperations) throw invalid("illegally qualifies as both an SM and JSON patch");
  if (merges.value !== undefined) return hasMerges ? { merges: merges.value } : {};
  if (operations.value !== undefined) return { operations: operations.value };
  throw invalid("unable to parse SM or JSON patch", { cause: likelyCause(text, merges.fault, operations.fault) });
}

function likelyCause(text: string, merge: Fault, operation: Fault): Fault {
  return /^\s*[-[]/.test(text) ? operation : merge;
}

function parseOperations(text: string): JsonPatch {
  if (text === "") throw invalid("empty json patch operations");
  return parseJsonPatch(text);
}

function applyMerges(
  list: ResourceList,
  merges: readonly Resource[],
  { target, schema }: { target: Selector | undefined; schema: Schema },
): void {
  if (target === undefined) {
    for (const patch of merges) applyMerge(list.getById(patch.originalId), patch, schema);
    return;
  }
  if (merges.length > 1)
    throw invalid(
      "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field",
    );
  mergeInto(list, list.select(target), { patch: merges[0] as Resource, schema });
}

/** Merges a patch into the chosen objects and drops those it deletes; two objects may not become one. */
function mergeInto(
  list: ResourceList,
  targets: readonly Resource[],
  { patch, schema }: { patch: Resource; schema: Schema },
): void {
  const ids = new Set(targets.map((one) => idKey(one.id)));
  const kept: Resource[] = [];
  for (const resource of list.items) {
    if (ids.has(idKey(resource.id))) {
      const copy = patch.copy();
      copy.takeMetadataFrom(patch);
      copy.setApiVersion(formatApiVersion(resource.gvk));
      copy.setKind(patch.kind);
      applyMerge(resource, copy, schema);
    }
    if (!resource.isEmpty) kept.push(resource);
  }
  list.reset(kept);
}

function applyMerge(resource: Resource, patch: Resource, schema: Schema): void {
  if (resource.node === undefined || patch.node === undefined) return;
  const { name, namespace, kind } = resource;
  const isKindChangeAllowed = patch.isEnabled("allowKindChange");
  const isNameChangeAllowed = patch.isEnabled("allowNameChange");
  if (isNameChangeAllowed || isKindChangeAllowed) resource.rememberId();
  // The object is changed in place and never exchanged: a patch that replaces the whole of it changes nothing (merge2.Merge's
  // result is only looked at for whether there is one).
  if (mergePatch(resource.node, patch.node, schema) === undefined) resource.node = undefined;
  if (resource.isEmpty) return;
  if (!isKindChangeAllowed) resource.setKind(kind);
  if (!isNameChangeAllowed) resource.setName(name);
  resource.setNamespace(namespace);
}

function applyJsonPatch(
  list: ResourceList,
  operations: JsonPatch,
  { target, remembersIds }: { target: Selector | undefined; remembersIds: boolean },
): void {
  if (target === undefined) throw invalid("must specify a target for JSON patch", { hint: "add target: {kind: …}" });
  for (const resource of list.select(target)) {
    if (remembersIds) resource.rememberId();
    patchResource(resource, operations);
  }
}

/** Nodes in their order and with their places in the text that kustomize reads after a JSON patch: some hashes hold them. */
function placedNode(data: Json): YamlNode {
  const sorted = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(sorted);
    if (!isObject(value)) return value;
    const object: JsonObject = {};
    for (const key of Object.keys(value).sort(compareKeys)) setOwn(object, key, sorted(value[key] as Json));
    return object;
  };
  const node = dataToNode(sorted(data));
  return readNode(writeNodes(node)) ?? node;
}

function patchResource(resource: Resource, operations: JsonPatch): void {
  const { node } = resource;
  if (node === undefined) return;
  const { marks } = resource;
  within(formatId(resource.id), "the JSON patch fails here", () => {
    const patched = applyOperations(nodeToData(node), operations);
    resource.node = resource.isEnabled("needsHashSuffix") ? placedNode(patched) : dataToNode(patched);
  });
  resource.setAnnotations(new Map([...resource.annotations, ...marks]));
}

/** `patchesStrategicMerge`: each entry is a patch, or a file of patches. */
export function prepareMerges(entries: readonly string[], { loader, schema }: Context): (list: ResourceList) => void {
  const patches = entries.flatMap((entry) => {
    const inline = attempt(() => readResources(entry, schema));
    if (inline.value !== undefined) return inline.value;
    return within(entry, "unable to use this patch", () => readResources(decodeText(loader.load(entry)), schema));
  });
  if (patches.length === 0)
    throw invalid("patch appears to be empty", { at: `patchesStrategicMerge: ${entries.join(", ")}` });
  return (list) => {
    for (const patch of patches) {
      mergeInto(list, [list.getById(patch.originalId)], { patch, schema });
      list.forgetIds();
    }
  };
}

/** An entry of `patchesJson6902`. */
export function prepareJsonPatch(entry: Patch, { loader }: Context): (list: ResourceList) => void {
  const { target } = entry;
  if (!target?.name) throw invalid("must specify the target name", { at: "patchesJson6902.target.name" });
  const path = entry.path ?? "";
  const inline = entry.patch ?? "";
  if (path === "" && inline === "") throw invalid("empty file path and empty jsonOp", { at: "patchesJson6902" });
  if (path !== "" && inline !== "")
    throw invalid("must specify a file path or jsonOp, not both", { at: "patchesJson6902" });
  const text = path === "" ? inline : decodeText(loader.load(path));
  if (text === "") throw fault("kustomize-invalid", "the patch file seems to be empty", { at: path });
  const operations = within(path || "patchesJson6902", "unable to use this patch", () => parseJsonPatch(text));
  if (operations.length === 0) throw invalid("patch appears to be empty", { at: path || "patchesJson6902" });
  return (list) => {
    applyJsonPatch(list, operations, { target, remembersIds: false });
    list.forgetIds();
  };
}
