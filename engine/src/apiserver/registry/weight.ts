// What a decoded object takes in memory, guessed from the length of its text and the number of its parts: a text of nothing but brackets
// takes many times its own length, so that length alone would bound nothing.

import type { Json } from "#kernel";

/** Bytes that a list, an object, an item, or the name or value of a member takes beside its text. */
const partBytes = 48;

/** Bytes, about, of an object whose text is so long. */
export function decodedWeight(object: Json, textBytes: number): number {
  return textBytes + partsOf(object) * partBytes;
}

function partsOf(value: Json): number {
  if (typeof value !== "object" || value === null) return 0;
  let parts = 1;
  if (Array.isArray(value)) for (const item of value) parts += 1 + partsOf(item);
  else for (const name in value) parts += 2 + partsOf(value[name] as Json);
  return parts;
}
