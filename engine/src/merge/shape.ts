// What merging needs to know of a schema node: which of scalar, list and map a value may be, and whether lists and maps are owned
// as a whole or by their parts. The rules are those by which kube-apiserver turns OpenAPI into a merge schema
// (kube-openapi schemaconv, v1.36): no list type means atomic, an object without properties takes any fields.

import type { Json, SchemaNode, SchemaRef, SchemaSet } from "#kernel";

export type ScalarKind = "numeric" | "string" | "boolean" | "untyped";

/** A kind's schema: the node to start from, in the set that resolves its names. undefined: nothing is known, shapes are deduced. */
export type ObjectType = { schemas: SchemaSet; root: SchemaRef } | undefined;

export type ListShape = {
  isAtomic: boolean;
  /** Sorted by name; empty for a set of scalars. */
  keys: readonly { name: string; fallback: Json | undefined }[];
  items: () => Shape;
};

export type MapShape = {
  isAtomic: boolean;
  isDeclared: (name: string) => boolean;
  /** The shape of a member; undefined when the schema has no such field. */
  member: (name: string) => Shape | undefined;
  /** True for maps of which nothing is declared: their ownership is never rewritten. */
  isDeduced: boolean;
};

export type Shape = { scalar?: ScalarKind; list?: ListShape; map?: MapShape };

const untyped: Shape = {
  scalar: "untyped",
  list: { isAtomic: true, keys: [], items: () => untyped },
  map: { isAtomic: true, isDeclared: () => false, member: () => untyped, isDeduced: true },
};

/** The shape of data of which no schema is known: maps merge, lists are replaced. */
export const deduced: Shape = {
  scalar: "untyped",
  list: { isAtomic: true, keys: [], items: () => untyped },
  map: { isAtomic: false, isDeclared: () => false, member: () => deduced, isDeduced: true },
};

/** A set of schemas, and whether a node above opted its descendants into unknown fields. */
type Scope = { schemas: SchemaSet; isOpen: boolean };

type Cache = { strict: WeakMap<SchemaNode, Shape>; open: WeakMap<SchemaNode, Shape> };
const caches = new WeakMap<SchemaSet, Cache>();

export function shapeOf(type: ObjectType): Shape {
  return type === undefined ? deduced : resolveShape({ schemas: type.schemas, isOpen: false }, type.root);
}

function resolveShape(scope: Scope, ref: SchemaRef): Shape {
  let cache = caches.get(scope.schemas);
  if (cache === undefined) {
    cache = { strict: new WeakMap(), open: new WeakMap() };
    caches.set(scope.schemas, cache);
  }
  const shapes = scope.isOpen ? cache.open : cache.strict;
  const node = scope.schemas.resolve(ref);
  let shape = shapes.get(node);
  if (shape === undefined) {
    shape = makeShape({ ...scope, isOpen: scope.isOpen || node.preserveUnknown === true }, node);
    shapes.set(node, shape);
  }
  return shape;
}

function makeShape(scope: Scope, node: SchemaNode): Shape {
  switch (node.type ?? "any") {
    case "object":
      return { map: mapShape(scope, node) };
    case "array":
      return { list: listShape(scope, node) };
    case "integer":
    case "number":
      return { scalar: "numeric" };
    case "boolean":
      return { scalar: "boolean" };
    case "string":
      return { scalar: node.format === undefined || node.format === "byte" ? "string" : "untyped" };
    case "int-or-string":
      if (node.format === "quantity") return { scalar: "untyped" };
      return { scalar: "untyped", list: listShape(scope, node), map: mapShape(scope, node) };
    case "any":
      // Raw extensions and their like are owned as a whole.
      if (node.mapType === "atomic" && node.properties === undefined) return untyped;
      return { scalar: "untyped", list: listShape(scope, node), map: mapShape(scope, node) };
  }
}

function listShape(scope: Scope, node: SchemaNode): ListShape {
  const { isAtomic, names } = listKeys(node);
  let items: Shape | undefined;
  const itemsOf = (): Shape => {
    items ??= node.items === undefined ? untyped : resolveShape(scope, node.items);
    return items;
  };
  const itemNode = node.items === undefined ? undefined : () => scope.schemas.resolve(node.items as SchemaRef);
  const keys = [...names].sort((a, b) => (a < b ? -1 : 1));
  return {
    isAtomic,
    keys: keys.map((name) => ({ name, fallback: isAtomic ? undefined : fallbackOf(scope, itemNode?.(), name) })),
    items: itemsOf,
  };
}

/** The list type, or else what the patch strategy stands for. */
function listKeys(node: SchemaNode): { isAtomic: boolean; names: readonly string[] } {
  if (node.listType === "set") return { isAtomic: false, names: [] };
  if (node.listType === "map") return { isAtomic: false, names: node.listMapKeys ?? [] };
  if (node.listType === "atomic" || node.patchStrategy === undefined) return { isAtomic: true, names: [] };
  const isMerged = node.patchStrategy === "merge" || node.patchStrategy === "merge,retainKeys";
  if (!isMerged) return { isAtomic: true, names: [] };
  return { isAtomic: false, names: node.patchMergeKey === undefined ? [] : [node.patchMergeKey] };
}

/** The default of a key field stands in where an item leaves it out (`protocol: TCP`). */
function fallbackOf(scope: Scope, item: SchemaNode | undefined, name: string): Json | undefined {
  const field = ownMember(item?.properties, name);
  return field === undefined ? undefined : scope.schemas.resolve(field).default;
}

function ownMember<T>(members: { [name: string]: T } | undefined, name: string): T | undefined {
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}

function mapShape(scope: Scope, node: SchemaNode): MapShape {
  const rest = restShape(scope, node);
  const known = new Map<string, Shape>();
  return {
    isAtomic: node.mapType === "atomic",
    isDeclared: (name) => ownMember(node.properties, name) !== undefined,
    member(name) {
      const found = known.get(name);
      if (found !== undefined) return found;
      const ref = ownMember(node.properties, name);
      if (ref === undefined) return rest?.();
      const shape = resolveShape(scope, ref);
      known.set(name, shape);
      return shape;
    },
    isDeduced: isBare(node) && rest?.() === deduced,
  };
}

/** True when the schema declares no member at all. */
function isBare(node: SchemaNode): boolean {
  for (const _ in node.properties) return false;
  return true;
}

/** The shape of members that are not declared, undefined where there may be none. */
function restShape(scope: Scope, node: SchemaNode): (() => Shape) | undefined {
  const additional = node.additional;
  if (additional === undefined) return scope.isOpen || isBare(node) ? () => deduced : undefined;
  if (additional === true) return () => deduced;
  return () => resolveShape(scope, additional);
}

/** Which of its possible forms a value takes. null and what fits none: the first that the schema allows. */
export function formOf(shape: Shape, value: Json): "map" | "scalar" | "list" {
  if (Array.isArray(value)) {
    if (shape.list !== undefined) return "list";
  } else if (typeof value === "object") {
    if (value !== null && shape.map !== undefined) return "map";
  } else if (shape.scalar !== undefined) return "scalar";
  return shape.map !== undefined ? "map" : shape.scalar !== undefined ? "scalar" : "list";
}
