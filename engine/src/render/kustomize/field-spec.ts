// Visits the nodes that a field specification names: `spec/template/spec/containers[]/image`. Lists on the way are gone
// through whether or not the path says so (api/filters/fieldspec).

import type { NodeKind, YamlNode } from "#formats/yaml";

import { invalid, within } from "./faults.ts";
import { gvkOf, isSelectedGvk } from "./ids.ts";
import type { FieldSpec } from "./kustomization.ts";
import { field, isMissing, lookup, lookupCreate, nullTag } from "./nodes.ts";

export type Visit = {
  set: (node: YamlNode) => void;
  /** What to make where the field is absent and the specification says `create`. */
  create?: { kind: NodeKind; tag: string };
};

/** Calls `set` on every node the specification names in the object, if it is of its kind. */
export function visitField(object: YamlNode, spec: FieldSpec, visit: Visit): void {
  const gvk = gvkOf(field(object, "apiVersion")?.value ?? "", field(object, "kind")?.value ?? "");
  if (!isSelectedGvk(gvk, spec)) return;
  const path = splitPath(spec.path ?? "", "/");
  if (visit.create === undefined && !mayExist(object, path)) return;
  const name = field(field(object, "metadata"), "name")?.value ?? "";
  within(`${gvk.kind}/${name}`, `considering field '${spec.path}'`, () => step(object, path, { ...visit, spec }));
}

/** A cheap look at the first field alone: most specifications name fields that most objects do not have. */
function mayExist(object: YamlNode, path: readonly string[]): boolean {
  const first = (path[0] ?? "").replace(/\[\]$/, "");
  return first === "" || first.startsWith("[") || object.kind !== "map" || field(object, first) !== undefined;
}

export function visitFields(object: YamlNode, specs: readonly FieldSpec[], visit: Visit): void {
  for (const spec of specs) visitField(object, spec, visit);
}

type Step = Visit & { spec: FieldSpec };

function step(node: YamlNode, path: readonly string[], visit: Step): void {
  if (path.length === 0) return visit.set(node);
  if (isMissing(node)) return;
  if (node.kind === "list") for (const item of node.items) step(item, path, visit);
  else if (node.kind === "map") stepMap(node, path, visit);
  else throw invalid("expected sequence or mapping node");
}

function stepMap(node: YamlNode, path: readonly string[], visit: Step): void {
  const part = path[0] as string;
  const isList = part.endsWith("[]");
  const name = isList ? part.slice(0, -2) : part;
  if (name === "") throw invalid("cannot set or create an empty field name");
  const kind = kindToCreate(path, isList, visit);
  const isCreated = kind !== undefined && !isList;
  const found = isCreated ? lookupCreate(node, [name], kind.kind) : lookup(node, [name]);
  if (found === undefined) return;
  if (found.tag === nullTag && kind !== undefined) {
    found.kind = kind.kind;
    found.tag = kind.tag;
    if (kind.kind !== "scalar") found.items = [];
  }
  step(found, path.slice(1), visit);
}

function kindToCreate(
  path: readonly string[],
  isList: boolean,
  visit: Step,
): { kind: NodeKind; tag: string } | undefined {
  if (isList) return { kind: "list", tag: "" };
  if (!visit.spec.create || visit.create === undefined) return undefined;
  return path.length > 1 ? { kind: "map", tag: "!!map" } : visit.create;
}

/** Splits a path at a delimiter; a backslash in front of one makes it part of the name. */
export function splitPath(path: string, delimiter: string): string[] {
  let parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === "") parts = parts.slice(1);
  const result = [parts[0] as string];
  for (const part of parts.slice(1)) {
    const last = result.at(-1) as string;
    if (last.endsWith("\\")) result[result.length - 1] = `${last.slice(0, -1)}${delimiter}${part}`;
    else result.push(part);
  }
  return result;
}

/** As `splitPath`, but what stands in brackets is one part: `[name=a.b]` an element, `[a.b]` a field named a.b. */
export function splitFieldPath(path: string): string[] {
  const parts = splitPath(path, ".");
  const result: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    if (!part.startsWith("[") || part.endsWith("]")) {
      result.push(part);
      continue;
    }
    const joined = [part];
    while (i < parts.length - 1) {
      joined.push(parts[++i] as string);
      if ((parts[i] as string).endsWith("]")) break;
    }
    const text = joined.join(".");
    result.push(text.includes("=") ? text : text.replace(/^[[\]]+|[[\]]+$/g, ""));
  }
  return result;
}
