// Every way in which one field of an object can be otherwise, by its schema; which values are tried is for the caller to say.

import { builtinSchemas } from "#api/kubernetes";
import type { SchemaNode, SchemaRef } from "#kernel";
import type { Part } from "./subjects.ts";

export type Value = unknown;
/** `value` undefined: the field is left out. */
export type Change = { at: readonly string[]; value: Value };

/** Which values are tried. */
export type Taste = {
  /** For a text, number or boolean that is there. */
  instead: (value: Value, node: SchemaNode, at: readonly string[]) => readonly Value[];
  /** For a list that is there, as a whole. */
  lists: (value: readonly Value[]) => readonly Value[];
  /** For a structure or a map that is there, as a whole. */
  structures: readonly Value[];
  /** For a field of a plain type that nobody set. */
  unset: (node: SchemaNode, name: string) => readonly Value[];
  /** A key that a map does not have. */
  key: string;
  /** Levels below a field that the object does not have. */
  levelsBelow: number;
  /** Members of the object that are left alone. */
  skipped: ReadonlySet<string>;
};

/** A template's pod is looked at once, as a Pod. */
const isPodOfOthers = (at: readonly string[]): boolean => at.at(-1) === "spec" && at.at(-2) === "template";

export function isMap(value: Value): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is tried for a field that nobody set; lists and structures with one member each. */
function unsetValues(ref: SchemaRef, name: string, level: number, taste: Taste): Value[] {
  const node = builtinSchemas.resolve(ref);
  if (node.type === "array")
    return node.items === undefined || level > taste.levelsBelow ? [[]] : unsetValues(node.items, name, level, taste).map((one) => [one]);
  if (node.type !== "object") return [...taste.unset(node, name)];
  return [{}, ...(level >= taste.levelsBelow ? [] : memberValues(node, level + 1, taste))];
}

function memberValues(node: SchemaNode, level: number, taste: Taste): Value[] {
  if (node.additional !== undefined)
    return node.additional === true ? [] : unsetValues(node.additional, taste.key, level, taste).map((one) => ({ [taste.key]: one }));
  return Object.entries(node.properties ?? {}).flatMap(([name, ref]) => unsetValues(ref, name, level, taste).map((one) => ({ [name]: one })));
}

/** Every way in which one field of a value can be otherwise. */
export function changes(ref: SchemaRef, value: Value, at: readonly string[], taste: Taste): Change[] {
  if (isPodOfOthers(at)) return [];
  const node = builtinSchemas.resolve(ref);
  const here = (values: readonly Value[]): Change[] => values.map((one) => ({ at, value: one }));
  if (Array.isArray(value)) {
    const inside = node.items === undefined ? [] : value.slice(0, 2).flatMap((one, index) => changes(node.items as SchemaRef, one, [...at, String(index)], taste));
    return [...here(taste.lists(value)), ...inside];
  }
  if (isMap(value)) return [...(at.length === 0 ? [] : here(taste.structures)), ...memberChanges(node, value, at, taste)];
  return here(taste.instead(value, node, at));
}

function memberChanges(node: SchemaNode, value: Part, at: readonly string[], taste: Taste): Change[] {
  if (node.additional !== undefined) {
    const of = node.additional === true ? {} : node.additional;
    const known = Object.entries(value).flatMap(([name, one]) => changes(of, one, [...at, name], taste));
    return [...known, ...unsetValues(of, taste.key, 0, taste).map((one) => ({ at: [...at, taste.key], value: one }))];
  }
  return Object.entries(node.properties ?? {}).flatMap(([name, ref]) => {
    if (at.length === 0 && taste.skipped.has(name)) return [];
    const path = [...at, name];
    if (isPodOfOthers(path)) return [];
    return Object.hasOwn(value, name) ? changes(ref, value[name], path, taste) : unsetValues(ref, name, 0, taste).map((one) => ({ at: path, value: one }));
  });
}

/** The value with one of its fields as it should be. */
export function changed(value: Value, [name, ...rest]: readonly string[], to: Value): Value {
  if (name === undefined) return to;
  if (Array.isArray(value)) return value.map((one: Value, index) => (String(index) === name ? changed(one, rest, to) : one));
  const part = isMap(value) ? value : {};
  return { ...part, [name]: changed(part[name], rest, to) };
}

/** A merge patch applied. */
export function merged(base: Value, part: Value): Value {
  if (!isMap(part)) return part;
  const result: Part = isMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(part))
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  return result;
}
