// Finds the file and line that state an object, and those that state each of its fields: among the files that its rendering
// has read, by kind, name and value. What is built from several files has several places; the one with the last word counts.
// Where that cannot be told for certain, a note says so.

import type { YamlNode } from "#formats/yaml";
import { asJson, isObject, type Json, type Manifest, splitApiVersion } from "#kernel";
import { type Edited, editScalar, editTransformed } from "./edit.ts";
import { generatedIn } from "./generators.ts";
import {
  depthOf,
  isKustomizationFile,
  type KustomizationFile,
  kustomizationsFrom,
  type PatchText,
  patchesOf,
} from "./kustomization-files.ts";
import { alsoMost, documentsMost } from "./limits.ts";
import { documentsOf, fieldAt, type FieldStep, isValue, itemsOf, nodeAt, scalarOf, valueAt } from "./nodes.ts";
import { transformedAt } from "./transformers.ts";

/** A line of a file, both as people count them; `note` says what is not certain. */
export type SourcePlace = { path: string; line: number; note?: string };

export type Located = {
  /** Where the object begins; undefined: no file read for it states it. */
  place: SourcePlace | undefined;
  /** What else has a part in it: patches, generators. */
  also: readonly SourcePlace[];
  /** Where a field is stated; undefined: nowhere that could be told. */
  field: (steps: readonly FieldStep[]) => SourcePlace | undefined;
};

/** What is searched. */
export type Searched = {
  /** The delivery's folder. */
  folder: string;
  /** Files that were read for it, by path. */
  files: ReadonlyMap<string, string>;
};

/** A document that has a part in an object. */
type Part = {
  path: string;
  root: YamlNode;
  offset: number;
  depth: number;
  kind: "resource" | "patch" | "operations";
  note: string;
};

/** Finds objects and their fields in files; these are parsed once, for however many objects are asked for. */
export class Locator {
  readonly #searched: Searched;
  readonly #kustomizations: readonly KustomizationFile[];
  readonly #patches: readonly PatchText[];
  /** Documents that may state an object, by `kind` and by `kind/name`. */
  readonly #documents: ReadonlyMap<string, readonly Candidate[]>;

  constructor(searched: Searched) {
    const { folder, files } = searched;
    this.#searched = searched;
    this.#kustomizations = kustomizationsFrom(folder, files);
    this.#patches = this.#kustomizations.flatMap((file) => patchesOf(file, files));
    const patchFiles = new Set(this.#patches.filter(({ offset }) => offset === 0).map(({ path }) => path));
    this.#documents = documentsByKind(files, (path) => !isKustomizationFile(path) && !patchFiles.has(path));
  }

  /** Where an object, as it is applied, and its fields come from. */
  find(manifest: Manifest): Located {
    const { parts, base, generated, name } = this.#partsOf(manifest);
    const json = asJson(manifest);
    return {
      place: base === undefined ? generated?.place : placeOf(base, base.root.line, base.note),
      also: parts
        .filter((part) => part.kind !== "resource")
        .map((part) => placeOf(part, part.root.line, part.note))
        .slice(0, alsoMost),
      field: (steps) =>
        transformedAt(this.#kustomizations, { steps, json, manifest, name })?.place ??
        fieldIn(parts, steps, json) ??
        generated?.field(steps),
    };
  }

  /** The file with a field's value replaced where it is stated, or why that cannot be done. */
  edit(manifest: Manifest, steps: readonly FieldStep[], to: Json | undefined): Edited | { why: string } {
    const { parts, name } = this.#partsOf(manifest);
    const json = asJson(manifest);
    const asked = { files: this.#searched.files, to };
    const transformed = transformedAt(this.#kustomizations, { steps, json, manifest, name });
    if (transformed !== undefined) return editTransformed(transformed, asked);
    const found = statedIn(parts, steps, json).find(({ isSame }) => isSame);
    if (found === undefined) return { why: "no file states it in a way that could be changed by itself" };
    const { part, value } = found;
    return editScalar({ path: part.path, node: value, offset: part.offset }, asked);
  }

  #partsOf(manifest: Manifest) {
    const stated = this.#resourceOf(manifest);
    const base: Part | undefined = stated && {
      ...stated,
      offset: 0,
      depth: depthOf(stated.path, this.#kustomizations),
      kind: "resource",
    };
    const generated =
      base === undefined ? generatedIn(this.#kustomizations, this.#searched.files, manifest) : undefined;
    const name = base === undefined ? (generated?.name ?? manifest.metadata.name) : nameOf(base.root);
    const parts = [
      ...this.#patches.flatMap((patch) => partsOf(patch, manifest, name)),
      ...(base === undefined ? [] : [base]),
    ].sort(byLastWord);
    return { parts, base, generated, name };
  }

  /** The document that fits an object best. */
  #resourceOf(manifest: Manifest): (Candidate & { note: string }) | undefined {
    const { kind, metadata } = manifest;
    const named = this.#documents.get(`${kind}/${metadata.name}`);
    const candidates = named ?? (this.#documents.get(kind) ?? []).slice(0, documentsMost);
    const ranked = candidates.flatMap((candidate) => {
      const rank = rankOf(candidate.root, manifest);
      return rank === undefined ? [] : [{ ...candidate, rank }];
    });
    ranked.sort((a, b) => a.rank - b.rank);
    const [best, second] = ranked;
    if (best === undefined) return undefined;
    const isSure = second === undefined || second.rank > best.rank;
    return { ...best, note: isSure ? "" : `also in ${second.path}: which of them counts cannot be told` };
  }
}

type Candidate = { path: string; root: YamlNode };

function documentsByKind(
  files: ReadonlyMap<string, string>,
  isCandidate: (path: string) => boolean,
): Map<string, Candidate[]> {
  const found = new Map<string, Candidate[]>();
  for (const [path, text] of files) {
    if (!isCandidate(path) || !/\.(ya?ml|json)$/.test(path)) continue;
    for (const document of documentsOf(text)) {
      const isList = scalarOf(nodeAt(document, "kind")) === "List";
      for (const root of isList ? itemsOf(nodeAt(document, "items")) : [document]) {
        const kind = scalarOf(nodeAt(root, "kind"));
        for (const key of [kind, `${kind}/${nameOf(root)}`]) {
          const known = found.get(key);
          if (known === undefined) found.set(key, [{ path, root }]);
          else known.push({ path, root });
        }
      }
    }
  }
  return found;
}

/** The nearer to the delivery, the later; patches come after resources. */
function byLastWord(a: Part, b: Part): number {
  return a.depth - b.depth || Number(a.kind === "resource") - Number(b.kind === "resource");
}

function nameOf(root: YamlNode): string {
  return scalarOf(nodeAt(root, "metadata", "name"));
}

function placeOf({ path, offset }: Part, line: number, note = ""): SourcePlace {
  const place = { path, line: Math.max(1, line + offset) };
  return note === "" ? place : { ...place, note };
}

/** How well a document fits an object; undefined: not at all. */
function rankOf(root: YamlNode, { kind, apiVersion, metadata }: Manifest): number | undefined {
  if (scalarOf(nodeAt(root, "kind")) !== kind) return undefined;
  const group = splitApiVersion(scalarOf(nodeAt(root, "apiVersion"))).group;
  if (group !== splitApiVersion(apiVersion).group) return undefined;
  const name = nameOf(root);
  const namespace = scalarOf(nodeAt(root, "metadata", "namespace"));
  const isHome = namespace === (metadata.namespace ?? "") ? 0 : namespace === "" ? 1 : 2;
  if (name === metadata.name) return isHome;
  // Substituted names fit whatever they become.
  if (name.includes("${")) return isSubstituted(name, metadata.name) ? 3 + isHome : undefined;
  return name !== "" && metadata.name.includes(name)
    ? 6 + isHome + (metadata.name.length - name.length) / 1000
    : undefined;
}

function isSubstituted(pattern: string, name: string): boolean {
  const fixed = pattern.split(/\$\{[^}]*\}/);
  let at = 0;
  for (const part of fixed) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}

/** The documents of a patch that concern an object of this original name. */
function partsOf(patch: PatchText, manifest: Manifest, name: string): Part[] {
  const { path, offset, target } = patch;
  const { depth } = patch.kustomization;
  const chosen = target === undefined ? undefined : targets(target, manifest, name);
  if (chosen === "no") return [];
  const note = chosen === "maybe" ? "its target is chosen by labels" : "";
  return patch.roots.flatMap((root): Part[] => {
    if (root.kind === "list") return [{ path, offset, root, depth, kind: "operations", note }];
    const isNamed =
      scalarOf(nodeAt(root, "kind")) === manifest.kind && [name, manifest.metadata.name].includes(nameOf(root));
    return target !== undefined || isNamed ? [{ path, offset, root, depth, kind: "patch", note }] : [];
  });
}

/** Kustomize's selectors: anchored regular expressions; those on labels are not followed. */
function targets(target: YamlNode, { kind, apiVersion, metadata }: Manifest, name: string): "yes" | "no" | "maybe" {
  const { group, version } = splitApiVersion(apiVersion);
  const fits = (field: string, ...values: string[]): boolean => {
    const pattern = scalarOf(nodeAt(target, field));
    return pattern === "" || values.some((value) => isAnchored(pattern, value));
  };
  const isNamed =
    fits("kind", kind) && fits("group", group) && fits("version", version) && fits("name", name, metadata.name);
  if (!isNamed) return "no";
  const isByLabel = ["labelSelector", "annotationSelector"].some((field) => scalarOf(nodeAt(target, field)) !== "");
  return isByLabel ? "maybe" : "yes";
}

/** Patterns of plain words, `.*` and alternatives; anything more is taken to fit. */
function isAnchored(pattern: string, value: string): boolean {
  if (!/^[\w.*|()-]+$/.test(pattern) || /\*\*|\(\*|\|\*|^\*/.test(pattern)) return true;
  return pattern
    .replace(/^\(|\)$/g, "")
    .split("|")
    .some((word) => {
      const parts = word.split(".*");
      if (parts.length === 1) return word === value;
      const [first = "", last = ""] = [parts[0], parts.at(-1)];
      return value.startsWith(first) && value.endsWith(last) && value.length >= first.length + last.length;
    });
}

type StatedField = { part: Part; line: number; value: YamlNode; isSame: boolean };

/** The documents that state a field, the one with the last word first. */
function statedIn(parts: readonly Part[], steps: readonly FieldStep[], json: { [name: string]: Json }): StatedField[] {
  const wanted = valueAt(json, steps);
  return parts.flatMap((part) => {
    const found = part.kind === "operations" ? operationAt(part.root, steps, json) : fieldAt(part.root, steps);
    return found === undefined ? [] : [{ part, ...found, isSame: isValue(found.value, wanted) }];
  });
}

function fieldIn(
  parts: readonly Part[],
  steps: readonly FieldStep[],
  json: { [name: string]: Json },
): SourcePlace | undefined {
  const found = statedIn(parts, steps, json);
  const isSubstituted = ({ value }: StatedField): boolean => scalarOf(value).includes("${");
  const best = found.find((each) => each.isSame || isSubstituted(each)) ?? found[0];
  if (best === undefined) return undefined;
  if (best.isSame) return placeOf(best.part, best.line, best.part.note);
  const note = isSubstituted(best)
    ? "the value is substituted"
    : "the value there is another: something changed it on the way";
  return placeOf(best.part, best.line, note);
}

/** The last operation of a JSON patch that sets a field, or something around it. */
function operationAt(
  list: YamlNode,
  steps: readonly FieldStep[],
  json: { [name: string]: Json },
): { line: number; value: YamlNode } | undefined {
  const pointer = pointerOf(steps, json);
  if (pointer === undefined) return undefined;
  for (const item of [...itemsOf(list)].reverse()) {
    const [op, path] = [scalarOf(nodeAt(item, "op")), scalarOf(nodeAt(item, "path"))];
    const value = nodeAt(item, "value");
    if ((op !== "add" && op !== "replace") || value === undefined) continue;
    const parts = path
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const isAround = parts.length <= pointer.length && parts.every((part, i) => part === pointer[i] || part === "-");
    const found = isAround ? fieldAt(value, steps.slice(parts.length)) : undefined;
    if (found !== undefined) return parts.length === pointer.length ? { line: item.line, value } : found;
  }
  return undefined;
}

/** A field's path in names and indexes. */
function pointerOf(steps: readonly FieldStep[], json: Json): string[] | undefined {
  const pointer: string[] = [];
  let value: Json | undefined = json;
  for (const step of steps) {
    const next: Json | undefined = valueAt(value, [step]);
    if (typeof step === "string") pointer.push(step);
    else if (Array.isArray(value) && next !== undefined) pointer.push(String(value.indexOf(next)));
    else return undefined;
    value = next;
  }
  return isObject(json) ? pointer : undefined;
}
