// `replacements`: the value of a field of one object, put into fields of others (api/filters/replacement).

import { type DocumentComments, parseYaml, writeNodes, type YamlNode } from "#formats/yaml";
import { attempt, fault, invalid, within } from "./faults.ts";
import { splitFieldPath } from "./field-spec.ts";
import { encodeGoJson } from "./go-json.ts";
import { isSelectedGvk, type ResourceId } from "./ids.ts";
import { decode } from "./decode.ts";
import {
  type FieldOptions,
  type Replacement,
  replacementShape,
  type ReplacementSource,
  type ReplacementTarget,
  type Selector,
} from "./kustomization.ts";
import { matchesSelector } from "./label-selector.ts";
import type { Loader } from "./loader.ts";
import { assignNode, copyNode, isEmpty, lookup, untyped } from "./nodes.ts";
import { matchPath } from "./path-match.ts";
import { compileSelector, type SelectorMatcher } from "./patterns.ts";
import { decodeText, readAnchored, readDocument } from "./read.ts";
import type { Resource } from "./resource.ts";
import type { ResourceList } from "./resource-list.ts";
import { nodeToData } from "./values.ts";

/** Replacements with those of files in their place. */
export function loadReplacements(entries: readonly Replacement[], loader: Loader): Replacement[] {
  return entries.flatMap((entry) => {
    if (!entry.path) return [entry];
    if (entry.source !== undefined || (entry.targets ?? []).length > 0)
      throw invalid("cannot specify both path and inline replacement", { at: "replacements" });
    const { path } = entry;
    return within(path, "unable to use these replacements", () => {
      const data = parseYaml(decodeText(loader.load(path)));
      if (typeof data !== "object" || data === null) throw invalid("replacements are a list or a map");
      const list = Array.isArray(data) ? data : [data];
      return decode(list, { list: replacementShape }, { isStrict: false }) as unknown as Replacement[];
    });
  });
}

export function applyReplacements(list: ResourceList, replacements: readonly Replacement[]): void {
  for (const [i, replacement] of replacements.entries())
    within(`replacements[${i}]`, "this replacement does not apply", () => {
      const hasSource = replacement.source !== undefined || replacement.sourceValue !== undefined;
      if (!hasSource || replacement.targets === undefined)
        throw invalid("replacements must specify a source and at least one target");
      const value = sourceValue(list, replacement);
      for (const target of replacement.targets) applyTarget(list, value, target);
    });
  list.dropEmpty();
  list.forgetIds();
}

function sourceValue(list: ResourceList, { source, sourceValue: given }: Replacement): YamlNode {
  if (source === undefined) return untyped(given ?? "");
  if (given !== undefined) throw invalid("value and resource selectors are mutually exclusive");
  const resource = selectSource(list, source);
  const path = source.fieldPath || "metadata.name";
  const found = lookup(resource.node, splitFieldPath(path));
  if (isEmpty(found)) throw invalid(`fieldPath \`${path}\` is missing for replacement source ${formatSource(source)}`);
  return refine(found as YamlNode, source.options);
}

function formatSource(source: ReplacementSource): string {
  return `${source.kind ?? "any kind"}/${source.name ?? "any name"}`;
}

/** Ids as replacements see them: the current one first; scope does not count. */
function idsOf(resource: Resource): ResourceId[] {
  return [resource.id, ...resource.previousIds];
}

function selectSource(list: ResourceList, source: ReplacementSource): Resource {
  const matches = list.items.filter((one) => idsOf(one).some((id) => isSource(id, source)));
  if (matches.length === 1) return matches[0] as Resource;
  const what = matches.length === 0 ? "nothing selected by" : "multiple matches for selector";
  throw fault("kustomize-no-match", `${what} ${formatSource(source)}`);
}

function isSource(id: ResourceId, source: ReplacementSource): boolean {
  if (source.name && source.name !== id.name) return false;
  if (source.namespace && source.namespace !== (id.namespace || "default")) return false;
  return isSelectedGvk(id, source);
}

function refine(node: YamlNode, options: FieldOptions | undefined): YamlNode {
  if (!options?.delimiter) return node;
  if (node.kind !== "scalar") throw invalid("delimiter option can only be used with scalar nodes");
  const parts = node.value.split(options.delimiter);
  const part = parts[options.index ?? 0];
  if (part === undefined) throw invalid(`options.index ${options.index} is out of bounds for value ${node.value}`);
  const copy = copyNode(node);
  copy.value = part;
  return copy;
}

function applyTarget(list: ResourceList, value: YamlNode, target: ReplacementTarget): void {
  const { select, reject = [] } = target;
  if (select === undefined) throw invalid("target must specify resources to select");
  const selects = compileSelector(select);
  const rejects = reject.map((one) => ({ selector: one, matcher: compileSelector(one) }));
  for (const resource of list.items) {
    if (!matchesMarks(resource, select)) continue;
    if (rejects.some(({ selector }) => hasMarks(selector) && matchesMarks(resource, selector))) continue;
    const ids = idsOf(resource);
    if (rejects.some(({ selector, matcher }) => hasId(selector) && ids.some((id) => isMatch(id, matcher)))) continue;
    if (resource.node !== undefined && ids.some((id) => isMatch(id, selects))) copyTo(resource.node, value, target);
  }
}

function hasMarks(selector: Selector): boolean {
  return Boolean(selector.annotationSelector) || Boolean(selector.labelSelector);
}

function hasId({ group, version, kind, name, namespace }: Selector): boolean {
  return [group, version, kind, name, namespace].some(Boolean);
}

function matchesMarks(resource: Resource, selector: Selector): boolean {
  return (
    matchesSelector(selector.annotationSelector ?? "", resource.annotations) &&
    matchesSelector(selector.labelSelector ?? "", resource.labels)
  );
}

function isMatch(id: ResourceId, matcher: SelectorMatcher): boolean {
  return matcher.gvk(id) && matcher.name(id.name) && matcher.namespace(id.namespace);
}

function copyTo(node: YamlNode, value: YamlNode, target: ReplacementTarget): void {
  const paths = target.fieldPaths?.length ? target.fieldPaths : ["metadata.name"];
  const create = target.options?.create ? value.kind : undefined;
  for (const path of paths) {
    const parts = splitFieldPath(path);
    if (attempt(() => setInsideText(node, value, { parts, options: target.options })).value === true) continue;
    const found = within(path, "unable to find field in replacement target", () => matchPath(node, parts, create));
    if (found.length === 0)
      throw fault(
        "kustomize-no-match",
        `unable to find${create ? " or create" : ""} field "${path}" in replacement target`,
        {
          hint: create ? "check the path" : "set options.create: true to make it",
        },
      );
    for (const one of found) setValue(one, value, target.options);
  }
}

function setValue(node: YamlNode, given: YamlNode, options: FieldOptions | undefined): void {
  const value = copyNode(given);
  if (options?.delimiter) {
    if (node.kind !== "scalar") throw invalid("delimiter option can only be used with scalar nodes");
    const parts = node.value.split(options.delimiter);
    const index = options.index ?? 0;
    if (index < 0) parts.unshift(value.value);
    else if (index >= parts.length) parts.push(value.value);
    else parts[index] = value.value;
    value.value = parts.join(options.delimiter);
  }
  if (node.kind === "scalar") node.value = value.value;
  else assignNode(node, value);
}

/** A path that goes on inside text, which is itself YAML or JSON: the text is read, changed and written anew. */
function setInsideText(
  node: YamlNode,
  value: YamlNode,
  { parts, options }: { parts: readonly string[]; options: FieldOptions | undefined },
): true {
  const holder = findText(node, parts);
  if (holder === undefined) throw invalid("no structured data found in path");
  const document = readDocument(holder.node.value);
  if (document === undefined) throw invalid("no structured data found in path");
  const { root, comments } = document;
  const found = matchPath(root, parts.slice(holder.depth), options?.create ? value.kind : undefined);
  if (found.length === 0) throw invalid("unable to find field in structured data");
  for (const one of found) setValue(one, value, options);
  holder.node.value = writeText(root, comments, holder.node.value);
  return true;
}

function findText(node: YamlNode, parts: readonly string[]): { node: YamlNode; depth: number } | undefined {
  for (let depth = 1; depth < parts.length; depth++) {
    const found = attempt(() => ({ node: lookup(node, parts.slice(0, depth)) })).value?.node;
    if (found?.kind === "scalar" && attempt(() => ({ root: readAnchored(found.value) })).value !== undefined)
      return { node: found, depth };
  }
  return undefined;
}

function writeText(root: YamlNode, comments: DocumentComments, original: string): string {
  const first = original.trim().charAt(0);
  if (first !== "{" && first !== "[") return writeNodes(root, comments).trim();
  const isPretty = original.includes("\n") && original.includes("  ");
  return encodeGoJson(nodeToData(root), isPretty ? "  " : "");
}
