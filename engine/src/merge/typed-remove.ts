// A value without some of its fields (structured-merge-diff typed/remove.go). Atomic lists and maps are removed whole or not at all.

import { isObject, type Json, type JsonObject, setOwn } from "#kernel";
import type { FieldSet } from "./field-set.ts";
import { elementOf, NoElement } from "./list-element.ts";
import { formOf, type ListShape, type MapShape, type Shape } from "./shape.ts";

/** The value without the members of `set`; null where nothing is left of a map or list. */
export function removeFields(value: Json, set: FieldSet, shape: Shape | undefined): Json {
  if (set.children.size === 0 || shape === undefined) return value;
  const form = formOf(shape, value);
  if (form === "map") return removeFromMap(value, set, shape.map as MapShape);
  return form === "list" ? removeFromList(value, set, shape.list as ListShape) : value;
}

function removeFromList(value: Json, set: FieldSet, list: ListShape): Json {
  if (!Array.isArray(value) || value.length === 0 || list.isAtomic) return null;
  const kept: Json[] = [];
  let isChanged = false;
  for (const item of value) {
    const element = elementOf(list, item);
    const below = element instanceof NoElement ? undefined : set.children.get(element);
    if (below?.isMember === true) {
      isChanged = true;
      continue;
    }
    const rest = below === undefined ? item : removeFields(item, below, list.items());
    if (rest !== item) isChanged = true;
    kept.push(rest);
  }
  if (!isChanged) return value;
  return kept.length === 0 ? null : kept;
}

function removeFromMap(value: Json, set: FieldSet, map: MapShape): Json {
  if (!isObject(value) || map.isAtomic) return null;
  const kept: JsonObject = {};
  let count = 0;
  let isChanged = false;
  for (const name in value) {
    const member = value[name] as Json;
    const below = set.children.get(`f:${name}`);
    if (below?.isMember === true) {
      isChanged = true;
      continue;
    }
    const rest = below === undefined ? member : removeFields(member, below, map.member(name));
    if (rest !== member) isChanged = true;
    setOwn(kept, name, rest);
    count++;
  }
  if (!isChanged) return value;
  return count === 0 ? null : kept;
}
