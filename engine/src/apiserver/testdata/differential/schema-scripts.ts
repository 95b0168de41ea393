// Definitions whose schemas or names are wrong in one way or two, each sent as a dry run: what may be stated where, and in which words
// the rest is refused.

import type { Part } from "./subjects.ts";
import { post, type Script } from "./steps.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All";
const text = { type: "string" };
const whole = "x-kubernetes-preserve-unknown-fields";
const embedded = "x-kubernetes-embedded-resource";
const anyType = "x-kubernetes-int-or-string";
const listType = "x-kubernetes-list-type";
const listKeys = "x-kubernetes-list-map-keys";
const mapType = "x-kubernetes-map-type";
const rules = "x-kubernetes-validations";
const entry = { type: "object", required: ["name"], properties: { name: text, value: text } };

function definition(spec: Part): Part {
  const group = "schemas.example.com";
  const names = { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `things.${group}` },
    spec: { group, scope: "Namespaced", names, ...spec },
  };
}

function version(schema: Part, more: Part = {}): Part {
  return { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more };
}

function ofSpec(spec: Part): Part {
  return { type: "object", properties: { spec } };
}

/** Schemas of one field. */
const fields: readonly Part[] = [
  {},
  { type: "nothing" },
  { type: "null" },
  { type: "array" },
  { type: "array", items: {} },
  { type: "array", items: [text] },
  { type: "string", format: "int64" },
  { type: "integer", format: "string" },
  { type: "string", format: "date-time", pattern: "(" },
  { type: "string", pattern: "[a-" },
  { type: "string", id: "x", $ref: "#/definitions/a" },
  { type: "string", $schema: "http://json-schema.org/draft-04/schema#" },
  { type: "object", additionalItems: true },
  { type: "object", patternProperties: { "^a": text } },
  { type: "object", definitions: { a: text } },
  { type: "object", dependencies: { a: ["b"] } },
  { type: "object", dependencies: { a: { type: "nothing" } } },
  { type: "object", properties: { a: text }, additionalProperties: true },
  { type: "object", properties: { a: text }, additionalProperties: false },
  { type: "object", properties: { a: text }, additionalProperties: text },
  { type: "object", additionalProperties: {} },
  { type: "object", additionalProperties: { type: "array", uniqueItems: true, items: text } },
  { type: "array", uniqueItems: true, items: text },
  { type: "object", [whole]: false },
  { [whole]: true },
  { [anyType]: true },
  { [anyType]: true, anyOf: [{ type: "integer" }, { type: "string" }] },
  { [anyType]: true, allOf: [{ anyOf: [{ type: "integer" }, { type: "string" }] }, { pattern: "^a" }] },
  { [anyType]: true, [whole]: true },
  { [anyType]: true, [embedded]: true },
  { anyOf: [{ type: "integer" }, { type: "string" }] },
  { type: "string", anyOf: [{ type: "string" }, { pattern: "(" }] },
  { type: "object", properties: { a: text }, anyOf: [{ required: ["a"] }, { properties: { b: { pattern: "x" } } }] },
  { type: "object", properties: { a: text }, oneOf: [{ properties: { a: { title: "a", description: "b", default: "c", nullable: true } } }] },
  { type: "object", not: { properties: { metadata: { minProperties: 1 } }, additionalProperties: text } },
  { type: "object", allOf: [{ [whole]: true, [embedded]: true, [anyType]: true }] },
  { type: "array", items: text, allOf: [{ items: { minLength: 1 } }, { items: { items: { minLength: 1 } } }] },
  { type: "array", items: text, anyOf: [{ [listType]: "set", [listKeys]: ["a"], [mapType]: "atomic" }] },
  { type: "object", not: { [rules]: [{ rule: "self == self" }] } },
  { type: "object", [embedded]: true },
  { type: "array", [embedded]: true, items: text },
  { [embedded]: true, [whole]: true },
  { type: "object", [embedded]: true, [whole]: true },
  { type: "object", [embedded]: true, properties: { kind: { type: "integer" }, apiVersion: {}, metadata: text } },
  { type: "object", [embedded]: true, additionalProperties: text },
  { type: "object", [embedded]: true, properties: { metadata: { type: "object", [embedded]: true, [whole]: true, properties: { labels: { type: "object", additionalProperties: { type: "string", default: "a" } } } } } },
  { type: "string", [mapType]: "atomic" },
  { [mapType]: "granular", [whole]: true },
  { type: "object", [mapType]: "none" },
  { type: "string", [listType]: "atomic" },
  { [listType]: "set", [whole]: true },
  { type: "array", items: text, [listType]: "none" },
  { type: "array", items: text, [listType]: "map" },
  { type: "array", items: text, [listKeys]: ["name"] },
  { type: "array", items: text, [listType]: "set", [listKeys]: ["name"] },
  { type: "array", items: entry, [listType]: "map", [listKeys]: ["none"] },
  { type: "array", items: entry, [listType]: "map", [listKeys]: ["name", "name"] },
  { type: "array", items: entry, [listType]: "map", [listKeys]: ["value"] },
  { type: "array", items: { ...entry, nullable: true }, [listType]: "map", [listKeys]: ["name"] },
  { type: "array", items: { type: "object", properties: { name: { ...text, nullable: true, default: "a" } } }, [listType]: "map", [listKeys]: ["name"] },
  { type: "array", items: { type: "object", required: ["name"], properties: { name: entry } }, [listType]: "map", [listKeys]: ["name"] },
  { type: "array", items: entry, [listType]: "set" },
  { type: "array", items: { ...entry, [mapType]: "atomic" }, [listType]: "set" },
  { type: "array", items: { ...text, nullable: true }, [listType]: "set" },
  { type: "array", items: { type: "array", items: text, [listType]: "set" }, [listType]: "set" },
  { type: "array", items: { type: "array", items: text }, [listType]: "set" },
  { type: "array", [listType]: "map", [listKeys]: ["name"] },
  { type: "string", default: 1 },
  { type: "integer", default: "a" },
  { type: "string", default: "b", enum: ["a"] },
  { type: "string", default: null },
  { type: "string", default: null, nullable: true },
  { type: "object", properties: { a: text }, default: { b: 1 } },
  { type: "object", properties: { a: { type: "integer", minimum: 3 } }, default: { a: 1 } },
  { type: "object", additionalProperties: { type: "string", default: "a" } },
  { type: "array", items: { type: "object", properties: { a: { type: "integer", default: "x" } } } },
  { type: "integer", minimum: 3, maximum: 1, default: 2 },
  { type: "string", enum: [] },
  { type: "string", enum: [1, null] },
  { type: "string", maxLength: -1 },
  { type: "string", nullable: true, example: { a: 1 }, externalDocs: { url: "x" } },
  { type: "object", properties: { metadata: { type: "object", properties: { labels: text } } } },
  { type: "object", required: ["none"] },
  { type: "number", multipleOf: 0 },
];

/** Schemas of whole objects. */
const roots: readonly Part[] = [
  {},
  { type: "array", items: text },
  { type: "object", nullable: true },
  { type: "object", additionalProperties: text },
  { type: "object", additionalProperties: true },
  { type: "object", default: { spec: {} } },
  { type: "object", minProperties: 1 },
  { type: "object", [mapType]: "atomic" },
  { type: "object", oneOf: [{ required: ["spec"] }], properties: { spec: text } },
  { type: "object", required: ["spec"], description: "d", [whole]: true },
  { type: "object", properties: { metadata: text } },
  { type: "object", properties: { metadata: { type: "object", properties: { name: { ...text, maxLength: 5 } } } } },
  { type: "object", properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } } },
  { type: "object", properties: { metadata: { type: "object", description: "d" } } },
  { type: "object", properties: { metadata: { type: "object", default: {}, properties: { name: { ...text, default: "a" } } } } },
  { type: "object", properties: { kind: { type: "integer" }, apiVersion: { ...text, default: "v1" } } },
  { type: "object", [anyType]: true },
  { [whole]: true },
];

const good = ofSpec(text);

/** What else a definition states. */
const specs: readonly Part[] = [
  {},
  { versions: [version(good), version(good)] },
  { versions: [version(good), version(good, { name: "v2", storage: false })] },
  { versions: [version(good, { storage: false })] },
  { versions: [version(good, { name: "V1" })] },
  { versions: [version(good, { name: "" })] },
  { versions: [{ name: "v1", served: true, storage: true }] },
  { versions: [{ name: "v1", served: true, storage: true, schema: {} }] },
  { versions: [version(good), { name: "v2", served: false, storage: false }] },
  { versions: [version(good, { deprecationWarning: "a" })] },
  { versions: [version(good, { deprecated: true, deprecationWarning: "" })] },
  { versions: [version(good, { deprecated: true, deprecationWarning: `a\n${"b".repeat(300)}` })] },
  { versions: [version(good, { subresources: { scale: {} } })] },
  { versions: [version(good, { subresources: { scale: { specReplicasPath: "spec.a", statusReplicasPath: ".spec.b", labelSelectorPath: ".other" } } })] },
  { versions: [version(good, { additionalPrinterColumns: [{}, { name: "a", type: "b", format: "c", jsonPath: "d" }] })] },
  { versions: [version(good, { selectableFields: [{}, { jsonPath: ".spec" }, { jsonPath: ".spec" }, { jsonPath: ".none" }, { jsonPath: ".metadata.name" }] })] },
  { versions: [version(good)], preserveUnknownFields: true },
  { versions: [version(ofSpec({ type: "string", default: "a" }))], preserveUnknownFields: true },
  { versions: [version(good)], scope: "" },
  { versions: [version(good)], scope: "Everywhere" },
  { versions: [version(good)], group: "" },
  { versions: [version(good)], group: "example" },
  { versions: [version(good)], group: "Example.com" },
  { versions: [version(good)], group: "things.k8s.io" },
  { versions: [version(good)], names: {} },
  { versions: [version(good)], names: { plural: "Things", singular: "Thing", kind: "A b", listKind: "1", shortNames: ["A", ""], categories: ["all", "B"] } },
  { versions: [version(good)], names: { plural: "things", kind: "Thing", listKind: "Thing" } },
  { versions: [version(good)], names: { plural: "x".repeat(70), kind: "Thing" } },
  { versions: [version(good)], conversion: { strategy: "" } },
  { versions: [version(good)], conversion: { strategy: "Magic" } },
  { versions: [version(good)], conversion: { strategy: "Webhook" } },
  { versions: [version(good)], conversion: { strategy: "None", webhook: { conversionReviewVersions: ["v1"], clientConfig: { url: "https://a" } } } },
  { versions: [version(good)], conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: [], clientConfig: {} } } },
  { versions: [version(good)], conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v9", "v9", "V"], clientConfig: { url: "http://a:b/?c#d" } } } },
  { versions: [version(good)], conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig: { service: { name: "", namespace: "", path: "a//b", port: 0 } } } } },
  { versions: [version(good)], conversion: { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig: { caBundle: "bm8=", service: { name: "a", namespace: "b", path: "/a/?b" } } } } },
];

function scriptOf(name: string, bodies: readonly Part[]): Script {
  return { name: `definition/${name}`, steps: bodies.map((body) => post(definitions, body)) };
}

export const schemaScripts: readonly Script[] = [
  scriptOf("fields", fields.map((field) => definition({ versions: [version(ofSpec(field))] }))),
  scriptOf("roots", roots.map((root) => definition({ versions: [version(root)] }))),
  scriptOf("roots with a status", roots.map((root) => definition({ versions: [version(root, { subresources: { status: {} } })] }))),
  scriptOf("spec", specs.map(definition)),
];
