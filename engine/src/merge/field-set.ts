// A set of paths into an object, as a tree that shares what it can: a node says whether the path to it is a member, and
// what lies below. Nodes never change after they were built; every operation returns a new or an old one.

import type { JsonObject } from "#kernel";
import { compareElements, fieldElement, formatElement, parseElement, type PathElement } from "./path-element.ts";

type Children = ReadonlyMap<PathElement, FieldSet>;

const noChildren: Children = new Map();

export class FieldSet {
  /** True when the path that leads here is in the set itself. */
  readonly isMember: boolean;
  /** None of them is empty. */
  readonly children: Children;

  constructor(isMember: boolean, children: Children) {
    this.isMember = isMember;
    this.children = children;
  }

  get isEmpty(): boolean {
    return !this.isMember && this.children.size === 0;
  }

  /** Number of paths. */
  get size(): number {
    let size = this.isMember ? 1 : 0;
    for (const child of this.children.values()) size += child.size;
    return size;
  }

  has(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path;
    return first === undefined ? this.isMember : this.children.get(first)?.has(rest) === true;
  }

  withMember(): FieldSet {
    if (this.isMember) return this;
    return this.children.size === 0 ? leaf : new FieldSet(true, this.children);
  }

  union(other: FieldSet): FieldSet {
    if (this === other || other.isEmpty) return this;
    if (this.isEmpty) return other;
    const children = new Map(this.children);
    for (const [element, child] of other.children) {
      const own = children.get(element);
      children.set(element, own === undefined ? child : own.union(child));
    }
    return new FieldSet(this.isMember || other.isMember, children);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    const [small, large] = this.children.size <= other.children.size ? [this, other] : [other, this];
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of small.children) {
      const both = large.children.get(element)?.intersection(child);
      if (both !== undefined && !both.isEmpty) children.set(element, both);
    }
    return build(this.isMember && other.isMember, children);
  }

  /** Without the members of `other`; what lies below such a member stays. */
  difference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    return this.#without(other, false);
  }

  /** Without the members of `other` and all that lies below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    if (other.isEmpty || this.isEmpty) return this;
    return this.#without(other, true);
  }

  #without(other: FieldSet, isRecursive: boolean): FieldSet {
    let children: Map<PathElement, FieldSet> | undefined;
    for (const [element, child] of this.children) {
      const taken = other.children.get(element);
      if (taken === undefined) continue;
      const rest = isRecursive && taken.isMember ? empty : child.#without(taken, isRecursive);
      if (rest === child) continue;
      children ??= new Map(this.children);
      if (rest.isEmpty) children.delete(element);
      else children.set(element, rest);
    }
    if (children === undefined && !(this.isMember && other.isMember)) return this;
    return build(this.isMember && !other.isMember, children ?? this.children);
  }

  /** True when every path of this is in `other`. */
  isSubsetOf(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.isMember && !other.isMember) return false;
    for (const [element, child] of this.children) {
      const match = other.children.get(element);
      if (match === undefined || !child.isSubsetOf(match)) return false;
    }
    return true;
  }

  equals(other: FieldSet): boolean {
    return this.isSubsetOf(other) && other.isSubsetOf(this);
  }

  /** All paths: at each level the members first, then what lies below, both in the order of elements. */
  paths(): PathElement[][] {
    const found: PathElement[][] = [];
    this.#collect([], found);
    return found;
  }

  #collect(path: readonly PathElement[], found: PathElement[][]): void {
    const elements = [...this.children.keys()].sort(compareElements);
    for (const element of elements) if (this.children.get(element)?.isMember === true) found.push([...path, element]);
    for (const element of elements) {
      const child = this.children.get(element);
      if (child !== undefined) child.#collect([...path, element], found);
    }
  }
}

/** The set without paths. */
export const empty: FieldSet = new FieldSet(false, noChildren);

/** A node that is a member with nothing below. */
export const leaf: FieldSet = new FieldSet(true, noChildren);

/** A node of these parts; children must hold no empty node. */
export function build(isMember: boolean, children: Children): FieldSet {
  if (children.size === 0) return isMember ? leaf : empty;
  return new FieldSet(isMember, children);
}

/** The set of paths of plain field names: `fieldSetOf(["metadata", "name"], ["status"])`. */
export function fieldSetOf(...paths: readonly (readonly string[])[]): FieldSet {
  return setOfPaths(paths.map((path) => path.map(fieldElement)));
}

export function setOfPaths(paths: readonly (readonly PathElement[])[]): FieldSet {
  const builder = new FieldSetBuilder();
  for (const path of paths) builder.add(path);
  return builder.build();
}

type Draft = { isMember: boolean; children: Map<PathElement, Draft> };

/** Collects paths one by one. */
export class FieldSetBuilder {
  #root: Draft | undefined;

  /** Adds one path; the empty path is no path. */
  add(path: readonly PathElement[]): void {
    if (path.length === 0) return;
    this.#root ??= { isMember: false, children: new Map() };
    let node = this.#root;
    for (const element of path) {
      let next = node.children.get(element);
      if (next === undefined) {
        next = { isMember: false, children: new Map() };
        node.children.set(element, next);
      }
      node = next;
    }
    node.isMember = true;
  }

  build(): FieldSet {
    return this.#root === undefined ? empty : finish(this.#root);
  }
}

function finish(draft: Draft): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of draft.children) children.set(element, finish(child));
  return build(draft.isMember, children);
}

/** A path for people: `.spec.containers[name="web"].image`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("");
}

/** Reads the `fieldsV1` form; undefined when an element in it is malformed. */
export function decodeFieldsV1(fields: JsonObject): FieldSet | undefined {
  return decodeNode(fields, false);
}

function decodeNode(fields: JsonObject, isMember: boolean): FieldSet | undefined {
  const children = new Map<PathElement, FieldSet>();
  let isSelf = isMember;
  for (const text in fields) {
    if (text === ".") {
      isSelf = true;
      continue;
    }
    const element = parseElement(text);
    const below = fields[text];
    if (element === undefined || typeof below !== "object" || below === null || Array.isArray(below)) return undefined;
    const child = isBare(below) ? leaf : decodeNode(below, false);
    if (child === undefined) return undefined;
    if (!child.isEmpty) children.set(element, child);
  }
  return build(isSelf, children);
}

function isBare(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

/** Writes the `fieldsV1` form, elements in canonical order. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  const fields: JsonObject = {};
  if (set.isMember && set.children.size > 0) fields["."] = {};
  if (isInOrder(set.children)) for (const [element, child] of set.children) fields[element] = encodeFieldsV1(child);
  else
    for (const element of [...set.children.keys()].sort(compareElements))
      fields[element] = encodeFieldsV1(set.children.get(element) as FieldSet);
  return fields;
}

/** True of most: what a server gave, or a person sorted. */
function isInOrder(children: Children): boolean {
  let last: PathElement | undefined;
  for (const element of children.keys()) {
    if (last !== undefined && compareElements(last, element) > 0) return false;
    last = element;
  }
  return true;
}
