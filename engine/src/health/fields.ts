// Reading fields out of live objects, whose shape nobody has promised: what is absent or of another type is the fallback.

import { isObject, type Json, type Manifest } from "#kernel";

/** The value at a dotted path, or undefined. No part of the paths used here holds a dot. */
export function valueAt(object: Manifest, path: string): Json | undefined {
  let value: Json | undefined = object as unknown as Json;
  for (const part of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

export function textAt(object: Manifest, path: string, fallback: string): string {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : fallback;
}

export function isTrueAt(object: Manifest, path: string): boolean {
  return valueAt(object, path) === true;
}

export function numberAt(object: Manifest, path: string, fallback: number): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : fallback;
}

export function listAt(object: Manifest, path: string): readonly Json[] {
  const value = valueAt(object, path);
  return Array.isArray(value) ? value : [];
}
