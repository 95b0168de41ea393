// Members of objects as they were sent: one that is missing, or is no object, counts as empty.

import { asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";

export function partOf(object: Manifest, name: string): JsonObject {
  const part = asJson(object)[name];
  return isObject(part) ? part : {};
}

export function specOf(object: Manifest): JsonObject {
  return partOf(object, "spec");
}

export function statusOf(object: Manifest): JsonObject {
  return partOf(object, "status");
}

/** The items of a list, each in its place. */
export function objectsIn(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.map((one) => (isObject(one) ? one : {})) : [];
}

/** An affinity but for its part about nodes; null where that is all of it. */
export function withoutNodeAffinity(affinity: Json | undefined): Json {
  if (!isObject(affinity)) return null;
  const { nodeAffinity: _, ...rest } = affinity;
  return Object.keys(rest).length === 0 ? null : rest;
}
