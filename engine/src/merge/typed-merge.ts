// One value merged into another of the same shape (structured-merge-diff typed/merge.go). What does not change is shared with the
// value merged into: when nothing changes at all, the result is that value itself.

import { equalJson, isObject, type Json, type JsonObject, setOwn } from "#kernel";
import { elementOf, NoElement } from "./list-element.ts";
import type { PathElement } from "./path-element.ts";
import { formOf, type ListShape, type MapShape, type Shape } from "./shape.ts";

/** `live` with `config` merged into it. Both must fit the shape; `config` must not repeat items. */
export function mergeTyped(live: Json | undefined, config: Json, shape: Shape): Json {
  if (live === undefined || live === config) return config;
  const form = formOf(shape, config);
  if (form === "map") return mergeMaps(live, config, shape.map as MapShape);
  if (form === "list") return mergeLists(live, config, shape.list as ListShape);
  return take(live, config);
}

/** A leaf of the config; the live one where both are equal, so that it stays shared. */
function take(live: Json, config: Json): Json {
  return equalJson(live, config) ? live : config;
}

function mergeMaps(live: Json, config: Json, map: MapShape): Json {
  if (map.isAtomic) return take(live, config);
  // An empty map and null are told apart only where neither side has members.
  if (!isObject(live)) return config;
  const isLiveBare = isBare(live);
  if (!isObject(config)) return isLiveBare ? config : live;
  if (isBare(config)) return live;
  return mergeMembers(live, config, map);
}

function isBare(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

function mergeMembers(live: JsonObject, config: JsonObject, map: MapShape): JsonObject {
  let merged: JsonObject | undefined;
  for (const name in config) {
    const shape = map.member(name);
    if (shape === undefined) continue;
    const before = Object.hasOwn(live, name) ? live[name] : undefined;
    const after = mergeTyped(before, config[name] as Json, shape);
    if (after === before) continue;
    merged ??= { ...live };
    setOwn(merged, name, after);
  }
  return merged ?? live;
}

function mergeLists(live: Json, config: Json, list: ListShape): Json {
  if (list.isAtomic) return take(live, config);
  if (!Array.isArray(live)) return config;
  if (!Array.isArray(config)) return live.length === 0 ? config : live;
  if (config.length === 0) return live;
  if (live.length === 0) return config;
  const merged = new ListMerge(live, config, list).run();
  return merged.length === live.length && merged.every((item, index) => item === live[index]) ? live : merged;
}

type Indexed = { elements: PathElement[]; items: Map<PathElement, Json | undefined> };

/**
 * Merges two lists by element. Items of the config come in its order; those of the live list alone keep their place relative to
 * the shared ones around them.
 */
class ListMerge {
  readonly #live: Json[];
  readonly #list: ListShape;
  readonly #left: Indexed;
  readonly #right: Indexed;
  readonly #merged = new Set<PathElement>();
  readonly #out: Json[] = [];
  /** Elements of both lists, in the config's order, and the one that is next. */
  readonly #shared: PathElement[];
  #nextShared = 0;

  constructor(live: Json[], config: Json[], list: ListShape) {
    this.#live = live;
    this.#list = list;
    this.#left = index(live, list);
    this.#right = index(config, list);
    this.#shared = this.#right.elements.filter((element) => this.#left.items.has(element));
  }

  run(): Json[] {
    const [left, right] = [this.#left.elements, this.#right.elements];
    let l = 0;
    let r = 0;
    while (l < left.length || r < right.length) {
      const element = left[l];
      if (element !== undefined) {
        const isShared = this.#right.items.has(element);
        if (r < right.length && element === right[r]) {
          this.#mergeItem(element);
          l++;
          r++;
          continue;
        }
        if (!isShared) {
          this.#out.push(this.#live[l] as Json);
          l++;
          continue;
        }
        const wanted = this.#shared[this.#nextShared];
        if (r < right.length && wanted !== undefined && wanted !== element) {
          l++;
          continue;
        }
        if (this.#merged.has(element)) l++;
      }
      if (r < right.length) this.#mergeItem(right[r++] as PathElement);
    }
    return this.#out;
  }

  #mergeItem(element: PathElement): void {
    this.#merged.add(element);
    this.#out.push(
      mergeTyped(this.#left.items.get(element), this.#right.items.get(element) as Json, this.#list.items()),
    );
    if (this.#shared[this.#nextShared] === element) this.#nextShared++;
  }
}

/** Items by element. A repeated one is not merged with: it holds undefined. */
function index(items: Json[], list: ListShape): Indexed {
  const elements: PathElement[] = [];
  const known = new Map<PathElement, Json | undefined>();
  for (const [position, item] of items.entries()) {
    const element = elementOf(list, item);
    // An item without a key of its own stays apart from all others.
    const key = element instanceof NoElement ? `i:${position}` : element;
    elements.push(key);
    known.set(key, known.has(key) ? undefined : item);
  }
  return { elements, items: known };
}
