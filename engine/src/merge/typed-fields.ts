// The set of fields that a value states (structured-merge-diff typed/tofieldset.go): leaves, items of sets and map lists, and
// members that no schema declares.

import { isObject, type Json } from "#kernel";
import { build, empty, FieldSet, leaf } from "./field-set.ts";
import { elementOf, NoElement } from "./list-element.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { formOf, type ListShape, type MapShape, type Shape } from "./shape.ts";

/** Every path that `value` states. The value must fit its shape. */
export function fieldsOf(value: Json, shape: Shape): FieldSet {
  switch (formOf(shape, value)) {
    case "scalar":
      return leaf;
    case "list":
      return fieldsOfList(value, shape.list as ListShape);
    case "map":
      return fieldsOfMap(value, shape.map as MapShape);
  }
}

function fieldsOfList(value: Json, list: ListShape): FieldSet {
  if (list.isAtomic) return leaf;
  if (!Array.isArray(value)) return empty;
  const children = new Map<PathElement, FieldSet>();
  const repeated = new Set<PathElement>();
  const items = list.items();
  for (const item of value) {
    const element = elementOf(list, item);
    if (element instanceof NoElement) continue;
    if (children.has(element)) repeated.add(element);
    else children.set(element, fieldsOf(item, items).withMember());
  }
  // Items that share one key are owned together, without what is in them.
  for (const element of repeated) children.set(element, leaf);
  return build(false, children);
}

function fieldsOfMap(value: Json, map: MapShape): FieldSet {
  if (map.isAtomic) return leaf;
  if (!isObject(value)) return empty;
  const children = new Map<PathElement, FieldSet>();
  for (const name in value) {
    const member = value[name] as Json;
    const shape = map.member(name);
    if (shape === undefined) continue;
    let fields = fieldsOf(member, shape);
    if (isEmptyMap(member) || !map.isDeclared(name)) fields = fields.withMember();
    if (!fields.isEmpty) children.set(fieldElement(name), fields);
  }
  return build(false, children);
}

function isEmptyMap(value: Json): boolean {
  if (value === null) return true;
  if (!isObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

/** The set, with every declared field that has paths below it a member itself: what is removed with its last part. */
export function withNamedFields(set: FieldSet, shape: Shape | undefined): FieldSet {
  if (set.children.size === 0) return set;
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const isField = element.startsWith("f:");
    const name = element.slice(2);
    const below = isField ? shape?.map?.member(name) : element.startsWith("k:") ? shape?.list?.items() : undefined;
    let named = withNamedFields(child, below);
    if (isField && child.children.size > 0 && shape?.map?.isDeclared(name) === true) named = named.withMember();
    children.set(element, named);
  }
  return new FieldSet(set.isMember, children);
}

/** The set as the shape now has it: what became atomic since it was written is owned as a whole. */
export function reconcileFields(set: FieldSet, shape: Shape): FieldSet {
  const isWhole = set.isMember && set.children.size === 0;
  if (shape.map !== undefined) return reconcileMap(set, shape.map, isWhole);
  if (shape.scalar !== undefined || shape.list === undefined) return set;
  if (shape.list.isAtomic) return isWhole ? set : leaf;
  const items = shape.list.items();
  return replaceChildren(set, () => items);
}

function reconcileMap(set: FieldSet, map: MapShape, isWhole: boolean): FieldSet {
  if (map.isDeduced) return set;
  if (map.isAtomic) return isWhole || set.children.size === 0 ? set : leaf;
  return replaceChildren(set, (element) => map.member(element.startsWith("f:") ? element.slice(2) : ""));
}

function replaceChildren(set: FieldSet, shapeAt: (element: PathElement) => Shape | undefined): FieldSet {
  let changed: Map<PathElement, FieldSet> | undefined;
  for (const [element, child] of set.children) {
    const shape = shapeAt(element);
    const next = shape === undefined ? child : reconcileFields(child, shape);
    if (next === child) continue;
    changed ??= new Map(set.children);
    changed.set(element, next);
  }
  return changed === undefined ? set : new FieldSet(set.isMember, changed);
}
