// The structural schema of a kind: the one form that merge, validation, defaulting, pruning and explain work on. Built-in
// kinds and CustomResourceDefinitions both become this. A node without `type` accepts anything (it is "untyped").

import type { Json } from "./json.ts";

export type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean" | "int-or-string";

export type SchemaNode = {
  type?: SchemaType;
  format?: string;
  properties?: { [name: string]: SchemaRef };
  required?: readonly string[];
  /** The schema of a map's values. */
  additional?: SchemaRef | true;
  items?: SchemaRef;
  enum?: readonly Json[];
  default?: Json;
  /** Members that Go's types always write, with their zero values: structs as {}, numbers as 0, lists as null. Built-in kinds alone. */
  always?: { [name: string]: Json };
  /** Members that Go's types leave out when they are empty, zero, false or "". Built-in kinds alone. */
  omitEmpty?: readonly string[];
  /** The definition that a node in place repeats, because its member says more of it. Built-in kinds alone. */
  repeats?: string;
  /** Members of structs that Go embeds, each with the names of those. Built-in kinds alone. */
  embedded?: { readonly [name: string]: string };
  /** The Go type, where what is said here does not show it. Built-in kinds alone. */
  goType?: string;
  nullable?: boolean;
  /** x-kubernetes-list-type; absent means atomic, as in server-side apply. */
  listType?: "atomic" | "set" | "map";
  listMapKeys?: readonly string[];
  /** x-kubernetes-map-type: atomic maps and structs are owned as a whole. */
  mapType?: "granular" | "atomic";
  /** Strategic merge patch: x-kubernetes-patch-strategy (comma separated) and x-kubernetes-patch-merge-key. */
  patchStrategy?: string;
  patchMergeKey?: string;
  preserveUnknown?: boolean;
  embeddedResource?: boolean;
  /** Everything of a CRD's JSON schema that only validation reads: pattern, minimum, CEL rules, anyOf … */
  checks?: { [keyword: string]: Json };
  description?: string;
};

/** A node itself, or the name of one in the set it came with (schemas are recursive: JSONSchemaProps). */
export type SchemaRef = SchemaNode | string;

/** Named nodes that refer to each other. */
export interface SchemaSet {
  /** The node that `ref` names or is. */
  resolve(ref: SchemaRef): SchemaNode;
}
