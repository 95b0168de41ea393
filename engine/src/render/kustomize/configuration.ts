// Which fields hold names, labels, images and so on: kustomize's defaults, joined with what `configurations` and `crds`
// of a kustomization add.

import { parseYaml } from "#formats/yaml";
import { isObject, type Json, type JsonObject } from "#kernel";
import { decode, type Shape } from "./decode.ts";
import { invalid } from "./faults.ts";
import { equalGvk, isSelectedGvk, type Gvk } from "./ids.ts";
import { compareGvk } from "./order.ts";
import { type FieldSpec, fieldSpecShape } from "./kustomization.ts";
import { defaultFieldSpecs, parseDefinitions } from "./schema.ts";

/** Objects of the kind are referred to by name from these fields. */
export type NameReference = { group?: string; version?: string; kind?: string; fieldSpecs: readonly FieldSpec[] };

const specListNames = [
  "namePrefix",
  "nameSuffix",
  "namespace",
  "commonLabels",
  "labels",
  "templateLabels",
  "volumeClaimTemplateLabels",
  "commonAnnotations",
  "varReference",
  "images",
  "replicas",
] as const;

type SpecListName = (typeof specListNames)[number];

export type Configuration = { readonly [name in SpecListName]: readonly FieldSpec[] } & {
  readonly nameReference: readonly NameReference[];
};

const specs: Shape = { list: fieldSpecShape };

const configurationShape: Shape = {
  fields: {
    ...Object.fromEntries(specListNames.map((name) => [name, specs])),
    nameReference: { list: { fields: { group: "text", version: "text", kind: "text", fieldSpecs: specs } } },
  },
};

export const emptyConfiguration: Configuration = fill({});

function fill(data: Json): Configuration {
  const source = data as { [name: string]: unknown };
  const lists = Object.fromEntries([...specListNames, "nameReference"].map((name) => [name, source[name] ?? []]));
  const references = (lists["nameReference"] as NameReference[]).map((one) => ({
    ...one,
    fieldSpecs: one.fieldSpecs ?? [],
  }));
  return { ...lists, nameReference: references } as unknown as Configuration;
}

export const defaultConfiguration: Configuration = fill(defaultFieldSpecs as unknown as Json);

/** Reads a file of `configurations`. */
export function parseConfiguration(text: string): Configuration {
  return sort(fill(decode(parseYaml(text, { isStrict: true }), configurationShape, { isStrict: true })));
}

export function mergeConfigurations(a: Configuration, b: Configuration): Configuration {
  // Each kustomization starts from the defaults: joining them with themselves changes nothing.
  if (b === emptyConfiguration || a === b) return a;
  if (a === emptyConfiguration) return b;
  const lists = Object.fromEntries(specListNames.map((name) => [name, mergeSpecs(a[name], b[name])]));
  const nameReference = mergeReferences(a.nameReference, b.nameReference);
  return sort({ ...lists, nameReference } as unknown as Configuration);
}

/** By kind, as kustomize keeps them: which of two specifications comes first decides whether they conflict. */
function sort(configuration: Configuration): Configuration {
  const lists = [...specListNames, "nameReference" as const].map((name) => [name, sortByKind(configuration[name])]);
  return Object.fromEntries(lists) as Configuration;
}

function sortByKind<T extends FieldSpec | NameReference>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => compareGvk(fullGvk(a), fullGvk(b)));
}

/** Adds those of `b` that no spec of `a` covers. Throws when two differ in whether they create the field. */
export function mergeSpecs(a: readonly FieldSpec[], b: readonly FieldSpec[]): readonly FieldSpec[] {
  const result = [...a];
  for (const spec of b) {
    const same = result.find((one) => one.path === spec.path && isSelectedGvk(fullGvk(one), fullGvk(spec)));
    if (same === undefined) result.push(spec);
    else if ((same.create ?? false) !== (spec.create ?? false))
      throw invalid(`conflicting field specifications for ${spec.path}`, {
        hint: "give both the same value of `create`",
      });
  }
  return result;
}

function fullGvk(spec: { group?: string; version?: string; kind?: string }): Gvk {
  return { group: spec.group ?? "", version: spec.version ?? "", kind: spec.kind ?? "" };
}

function mergeReferences(a: readonly NameReference[], b: readonly NameReference[]): readonly NameReference[] {
  let result = [...a];
  for (const one of b) {
    const isKnown = result.some((known) => equalGvk(fullGvk(known), fullGvk(one)));
    if (!isKnown) result.push(one);
    else
      result = result.map((known) =>
        equalGvk(fullGvk(known), fullGvk(one))
          ? { ...known, fieldSpecs: mergeSpecs(known.fieldSpecs, one.fieldSpecs) }
          : known,
      );
  }
  return result;
}

type Additions = { [name in SpecListName]?: FieldSpec[] } & { nameReference: NameReference[] };

/** What the OpenAPI definitions of a file of `crds` say about name references and the like. */
export function readCrdConfiguration(text: string): Configuration {
  const definitions = parseDefinitions(text, "crds");
  for (const [name, definition] of Object.entries(definitions)) checkDefinition(name, definition);
  const additions: Additions = { nameReference: [] };
  for (const [name, definition] of Object.entries(definitions)) {
    const properties = propertiesOf(definition);
    if (!["kind", "apiVersion", "metadata"].every((field) => Object.hasOwn(properties, field))) continue;
    const kind = name.slice(name.lastIndexOf(".") + 1);
    addType(additions, definitions, { kind, type: name, path: [] });
  }
  return mergeConfigurations(emptyConfiguration, fill(additions as unknown as Json));
}

/** The list is of OpenAPI definitions by name; a CustomResourceDefinition itself is none. */
function checkDefinition(name: string, definition: Json): void {
  const schema = isObject(definition) ? schemaOf(definition) : definition;
  const properties = isObject(schema) ? (schema["properties"] ?? null) : schema;
  if (properties !== null && !isObject(properties))
    throw invalid(`${name} is no OpenAPI definition`, {
      at: "crds",
      hint: "crds takes OpenAPI definitions; list a CustomResourceDefinition under resources",
    });
  for (const property of Object.values(properties ?? {}))
    if (property !== null && !isObject(property)) throw invalid(`${name} has a property that is no schema`);
}

function schemaOf(definition: JsonObject): Json {
  return definition["Schema"] ?? definition["schema"] ?? null;
}

function propertiesOf(definition: Json | undefined): JsonObject {
  const schema = isObject(definition) ? schemaOf(definition) : undefined;
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return isObject(properties) ? properties : {};
}

/** A type can refer to itself; kustomize would not end, we stop here. */
const typeDepthMax = 30;

function addType(
  additions: Additions,
  definitions: JsonObject,
  { kind, type, path }: { kind: string; type: string; path: readonly string[] },
): void {
  if (path.length > typeDepthMax) throw invalid(`the definition of ${kind} refers to itself`, { at: path.join("/") });
  for (const [name, property] of Object.entries(propertiesOf(definitions[type]))) {
    if (!isObject(property)) continue;
    const here = [...path, name];
    const spec = { kind, path: here.join("/") };
    if (typeof property["x-kubernetes-annotation"] === "string") (additions.commonAnnotations ??= []).push(spec);
    if (typeof property["x-kubernetes-label-selector"] === "string") (additions.commonLabels ??= []).push(spec);
    if (typeof property["x-kubernetes-identity"] === "string") (additions.namePrefix ??= []).push(spec);
    const reference = referenceOf(property);
    if (reference !== undefined)
      additions.nameReference.push({
        ...reference.target,
        fieldSpecs: [{ kind, path: [...here, reference.nameKey].join("/") }],
      });
    if (typeof property["$ref"] === "string")
      addType(additions, definitions, { kind, type: property["$ref"], path: here });
  }
}

function referenceOf(property: JsonObject): { target: { kind: string; version: string }; nameKey: string } | undefined {
  const version = property["x-kubernetes-object-ref-api-version"];
  const kind = property["x-kubernetes-object-ref-kind"];
  if (typeof version !== "string" || typeof kind !== "string") return undefined;
  const nameKey = property["x-kubernetes-object-ref-name-key"];
  return { target: { kind, version }, nameKey: typeof nameKey === "string" ? nameKey : "name" };
}
