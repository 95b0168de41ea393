// Groups, kinds, resources and schemas that Kubernetes itself serves, from one generated text that is parsed on first use.
// Everything handed out is frozen in meaning, not in fact: it is shared by all callers and must not be changed.

import { assert, type SchemaNode, type SchemaRef, type SchemaSet } from "#kernel";
import { builtinText } from "./data/builtin.ts";

export type BuiltinSubresource = { group: string; version: string; kind: string; verbs: readonly string[] };

/** A resource as discovery tells of it; `subresourceKinds` says what each subresource takes and gives. */
export type BuiltinResource = {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  isNamespaced: boolean;
  verbs: readonly string[];
  shortNames: readonly string[];
  categories: readonly string[];
  subresources: readonly string[];
  subresourceKinds: Readonly<Record<string, BuiltinSubresource>>;
};

type Data = {
  source: string;
  version: string;
  nodes: { [name: string]: SchemaNode };
  /** "group/version/Kind" to the name of its node. */
  kinds: { [groupVersionKind: string]: string };
  resources: readonly BuiltinResource[];
};

let parsed: Data | undefined;

function data(): Data {
  if (parsed !== undefined) return parsed;
  const raw = JSON.parse(builtinText) as Data;
  const resources = raw.resources.map((resource) => {
    // The text holds one member, `subresources`, for both.
    const kinds = resource.subresources as unknown as Record<string, BuiltinSubresource>;
    return { ...resource, subresources: Object.keys(kinds), subresourceKinds: kinds };
  });
  parsed = { ...raw, resources };
  return parsed;
}

/** In the order of discovery: groups by priority, a group's preferred version first. */
export function builtinResources(): readonly BuiltinResource[] {
  return data().resources;
}

/** The version of Kubernetes that the data was taken from, for example `v1.36.3`. */
export function builtinVersion(): string {
  return data().version;
}

/** All nodes by the name that OpenAPI gives them. */
export const builtinSchemas: SchemaSet = {
  resolve(ref: SchemaRef): SchemaNode {
    if (typeof ref !== "string") return ref;
    const node = data().nodes[ref];
    assert(node !== undefined, `no schema is named ${ref}`);
    return node;
  },
};

/** Names of all nodes, sorted: what an OpenAPI document is made from. */
export function builtinSchemaNames(): readonly string[] {
  return Object.keys(data().nodes);
}

/** The name of a kind's node, undefined when Kubernetes serves no such kind. Also lists, options and Status. */
export function schemaFor(group: string, version: string, kind: string): string | undefined {
  const key = `${group}/${version}/${kind}`;
  return Object.hasOwn(data().kinds, key) ? data().kinds[key] : undefined;
}

/** Every kind that has a node, as "group/version/Kind". */
export function builtinKinds(): readonly string[] {
  return Object.keys(data().kinds);
}
