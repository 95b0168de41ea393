// The metadata in formats without nesting: `age__list_0__map_enc` (stores/flatten.go, 3.13.3).

import { invalidFile, shownKey } from "../faults.ts";
import { masterKeysMost } from "../limits.ts";
import { Branch, type Item, type Value } from "./tree.ts";

type Node = { value: Value | undefined; keys: Map<string, Node>; places: Map<number, Node> };

function newNode(): Node {
  return { value: undefined, keys: new Map(), places: new Map() };
}

/** The nested branch of flat items. Throws SecretsFault where they contradict each other. */
export function unflatten(items: readonly Item[]): Branch {
  const root = newNode();
  for (const { key, value } of items) if (typeof key === "string") put(root, key, value);
  const nested = convert(root);
  return nested instanceof Branch ? nested : new Branch([]);
}

function put(root: Node, flatKey: string, value: Value): void {
  let node = root;
  const parts = flatKey.split(/(__map_|__list_)/);
  for (let i = 0; i < parts.length; i += 2) {
    const part = parts[i] as string;
    node = parts[i - 1] === "__list_" ? childOf(node.places, Number(part) || 0) : childOf(node.keys, part);
  }
  if (node.value !== undefined) throw invalidFile(`sops metadata: ${shownKey(flatKey)} is there twice`);
  node.value = value;
}

function childOf<K>(children: Map<K, Node>, key: K): Node {
  const child = children.get(key) ?? newNode();
  children.set(key, child);
  return child;
}

function convert(node: Node): Value {
  const kinds = Number(node.value !== undefined) + Number(node.keys.size > 0) + Number(node.places.size > 0);
  if (kinds > 1) throw invalidFile("sops metadata: a key is a value and a mapping at once");
  if (node.value !== undefined) return node.value;
  if (node.places.size === 0) {
    return new Branch([...node.keys].map(([key, child]) => ({ key, value: convert(child) })));
  }
  const { size } = node.places;
  if (size > masterKeysMost) throw invalidFile(`sops metadata: a list is longer than ${masterKeysMost}`);
  return Array.from({ length: size }, (_, place) => {
    const child = node.places.get(place);
    if (child === undefined) throw invalidFile("sops metadata: a list has a gap");
    return convert(child);
  });
}
