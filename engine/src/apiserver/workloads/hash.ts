// Names derived from content, in the alphabet of Kubernetes' own safe names: no vowels, so no words.

import { canonicalJson, type Json, sha256Hex } from "#kernel";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** Ten letters at most for any data; another `collisions` gives other letters. */
export function contentHash(data: unknown, collisions = 0): string {
  const text = `${canonicalJson(dropUndefined(data))}${collisions === 0 ? "" : `#${collisions}`}`;
  const digits = String(Number.parseInt(sha256Hex(text).slice(0, 8), 16));
  return Array.from(digits, (digit) => alphabet[Number(digit) % alphabet.length]).join("");
}

function dropUndefined(data: unknown): Json {
  return JSON.parse(JSON.stringify(data)) as Json;
}

/** Five letters from a number between 0 and 1 each. */
export function randomSuffix(random: () => number): string {
  return Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}
