// The path element of an item in a set or a map list.

import { isObject, type Json, type JsonObject } from "#kernel";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";
import type { ListShape } from "./shape.ts";

/** Why an item has no place in its list, in structured-merge-diff's words. */
export class NoElement {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export function elementOf(list: ListShape, item: Json): PathElement | NoElement {
  return list.keys.length > 0 ? keyedElement(list, item) : setElement(item);
}

/** Text that both JSON and Go write as it is, between quotes; all else takes the slow way. */
const plain = /^[\w ./:@*=+,;()-]*$/;

function keyedElement(list: ListShape, item: Json): PathElement | NoElement {
  if (item === null) return new NoElement("associative list with keys may not have a null element");
  if (!isObject(item)) return new NoElement("associative list with keys may not have non-map elements");
  const only = list.keys.length === 1 ? list.keys[0] : undefined;
  if (only !== undefined) {
    const value = item[only.name];
    if (typeof value === "string" && plain.test(value)) return `k:{"${only.name}":"${value}"}`;
  }
  const keys: JsonObject = {};
  let count = 0;
  for (const { name, fallback } of list.keys) {
    const value = Object.hasOwn(item, name) ? item[name] : fallback;
    if (value === undefined) continue;
    keys[name] = value;
    count++;
  }
  if (count > 0) return keyElement(keys);
  const names = list.keys.map((key) => JSON.stringify(key.name)).join(" ");
  return new NoElement(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}

function setElement(item: Json): PathElement | NoElement {
  if (isObject(item)) return new NoElement("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) return new NoElement("not supported: associative list with lists as elements");
  if (item === null) return new NoElement("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}
