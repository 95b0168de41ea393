// Which fields differ between two values of one shape (structured-merge-diff typed/compare.go). Parts that are the same object in
// memory are not looked at, which makes comparing a merge with what it started from cheap.

import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { type FieldSet, FieldSetBuilder } from "./field-set.ts";
import { elementOf, NoElement } from "./list-element.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { formOf, type ListShape, type MapShape, type Shape } from "./shape.ts";

export type Comparison = {
  added: FieldSet;
  removed: FieldSet;
  modified: FieldSet;
  /** Something that differs holds an item without a place in its list: the values are not of their type. */
  isMisfit: boolean;
};

type Walk = {
  added: FieldSetBuilder;
  removed: FieldSetBuilder;
  modified: FieldSetBuilder;
  isMisfit: boolean;
  path: PathElement[];
};
type Side = Json | undefined;

export function compareTyped(before: Json, after: Json, shape: Shape): Comparison {
  const walk: Walk = {
    added: new FieldSetBuilder(),
    removed: new FieldSetBuilder(),
    modified: new FieldSetBuilder(),
    isMisfit: false,
    path: [],
  };
  compare({ before, after, shape }, walk);
  const { added, removed, modified, isMisfit } = walk;
  return { added: added.build(), removed: removed.build(), modified: modified.build(), isMisfit };
}

type Pair = { before: Side; after: Side; shape: Shape };

function compare(pair: Pair, walk: Walk): void {
  const { before, after, shape } = pair;
  if (before === after) return;
  const formBefore = before === undefined ? undefined : formOf(shape, before);
  const formAfter = after === undefined ? undefined : formOf(shape, after);
  let isLeaf = false;
  if (formBefore !== undefined && formAfter !== undefined && isOther(shape, before as Json, after as Json))
    isLeaf = compareForm(pair, formBefore, walk);
  isLeaf = compareForm(pair, (formAfter ?? formBefore) as "map", walk) || isLeaf;
  if (isLeaf) return;
  if (before === undefined) walk.added.add(walk.path);
  else if (after === undefined) walk.removed.add(walk.path);
}

/** True when two values take different forms of a shape that allows several. null fits them all and so differs from each. */
function isOther(shape: Shape, before: Json, after: Json): boolean {
  const forms = (shape.map ? 1 : 0) + (shape.list ? 1 : 0) + (shape.scalar ? 1 : 0);
  if (forms < 2) return false;
  return (before === null) !== (after === null) || formOf(shape, before) !== formOf(shape, after);
}

/** True when the pair was taken as a whole. */
function compareForm(pair: Pair, form: "map" | "list" | "scalar", walk: Walk): boolean {
  if (form === "map") return compareMaps(pair, pair.shape.map as MapShape, walk);
  if (form === "list") return compareLists(pair, pair.shape.list as ListShape, walk);
  compareWhole(pair, walk);
  return true;
}

function compareWhole({ before, after }: Pair, walk: Walk): void {
  if (before === undefined) walk.added.add(walk.path);
  else if (after === undefined) walk.removed.add(walk.path);
  else if (!equalJson(before, after)) walk.modified.add(walk.path);
}

function isEmptyObject(object: JsonObject | undefined): boolean {
  for (const _ in object) return false;
  return true;
}

function compareMaps(pair: Pair, map: MapShape, walk: Walk): boolean {
  const before = isObject(pair.before) ? pair.before : undefined;
  const after = isObject(pair.after) ? pair.after : undefined;
  if (map.isAtomic || (isEmptyObject(before) && isEmptyObject(after))) {
    compareWhole(pair, walk);
    return true;
  }
  for (const name in before) compareMember({ before, after, map }, name, walk);
  for (const name in after)
    if (before === undefined || !Object.hasOwn(before, name)) compareMember({ before, after, map }, name, walk);
  return false;
}

type Maps = { before: JsonObject | undefined; after: JsonObject | undefined; map: MapShape };

function compareMember({ before, after, map }: Maps, name: string, walk: Walk): void {
  const shape = map.member(name);
  if (shape === undefined) return;
  const left = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined;
  const right = after !== undefined && Object.hasOwn(after, name) ? after[name] : undefined;
  if (left === right) return;
  walk.path.push(fieldElement(name));
  compare({ before: left, after: right, shape }, walk);
  walk.path.pop();
}

function compareLists(pair: Pair, list: ListShape, walk: Walk): boolean {
  const before = Array.isArray(pair.before) ? pair.before : [];
  const after = Array.isArray(pair.after) ? pair.after : [];
  if (list.isAtomic || (before.length === 0 && after.length === 0)) {
    compareWhole(pair, walk);
    return true;
  }
  const left = groupItems(list, before, walk);
  const right = groupItems(list, after, walk);
  for (const element of new Set([...left.keys(), ...right.keys()]))
    compareItems({ element, before: left.get(element) ?? [], after: right.get(element) ?? [], list }, walk);
  return false;
}

/** Items by element; several where a list repeats one. */
function groupItems(list: ListShape, items: readonly Json[], walk: Walk): Map<PathElement, Json[]> {
  const groups = new Map<PathElement, Json[]>();
  for (const item of items) {
    const element = elementOf(list, item);
    if (element instanceof NoElement) {
      walk.isMisfit = true;
      continue;
    }
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}

type Items = { element: PathElement; before: Json[]; after: Json[]; list: ListShape };

/** Repeated items count as one whole: their parts are owned by nobody. */
function compareItems({ element, before, after, list }: Items, walk: Walk): void {
  const shape = list.items();
  walk.path.push(element);
  if (before.length <= 1 && after.length <= 1) compare({ before: before[0], after: after[0], shape }, walk);
  else if (before.length > 1 && after.length > 1) {
    if (!equalJson(before, after)) walk.modified.add(walk.path);
  } else if (before.length > 1) {
    if (after.length > 0) compare({ before: undefined, after: after[0], shape }, walk);
    walk.removed.add(walk.path);
  } else {
    if (before.length > 0) compare({ before: before[0], after: undefined, shape }, walk);
    walk.added.add(walk.path);
  }
  walk.path.pop();
}
