// Go's values as JavaScript ones: string, boolean, number (float64), bigint (int), plain objects (maps with text keys),
// arrays (slices). Everything else is a GoObject. `null` is an interface that holds nil; `undefined` is no value at all,
// what Go's reflect calls the zero Value: a field of the first is an error, a field of the second is again no value.

import type { GoFunction } from "./functions.ts";

export type Value = undefined | null | boolean | number | bigint | string | Value[] | GoMap | GoObject;
export type GoMap = { [key: string]: Value };

/** Go's reflect kinds, as kindOf names them. */
export type Kind = string;

/** A value of a Go type that has no plain counterpart here. */
export abstract class GoObject {
  /** The type as Go prints it, e.g. "time.Time". */
  abstract readonly goType: string;
  abstract readonly kind: Kind;
  /** What %v prints. */
  abstract print(): string;
  /** What {{ }} prints: a value that can be addressed uses the methods of its pointer. */
  printAlone(): string {
    return this.print();
  }
  /** What %v prints for it as an item of a list or a map: of a pointer its address alone. */
  printInside(): string {
    return this.print();
  }
  /** The value once it has passed through an interface: a struct is copied then and cannot be addressed any more. */
  boxed(): GoObject {
    return this;
  }
  /** What copying it field by field gives: fields that are not exported stay empty. */
  copied(): GoObject {
    return this;
  }
  /** The value as encoding/json would marshal it. */
  abstract plain(): Value;
  /** A field of a struct or an entry of a map; undefined when there is none. */
  field(_name: string): Value {
    return undefined;
  }
  /** What a map of this type gives for a key that it lacks. */
  zeroEntry(): Value {
    return null;
  }
  /** The fields of a struct, which printf shows one by one; undefined where a method gives its text. */
  parts(): readonly (readonly [name: string, value: Value])[] | undefined {
    return undefined;
  }
  /** The fields of a struct that has a method for its text: what the verbs that are not for text show. */
  hidden(): readonly (readonly [name: string, value: Value])[] | undefined {
    return undefined;
  }
  /** What %#v prints where a method says that; undefined where it shows the fields. */
  goSyntax(): string | undefined {
    return undefined;
  }
  /** The exported fields of a struct, which libraries go through one by one; undefined for what is written as a whole. */
  exported(): readonly (readonly [name: string, value: Value])[] | undefined {
    return this.parts()?.filter(([name]) => /^[A-Z]/.test(name));
  }
  /** A method bound to this value; undefined when there is none. */
  method(_name: string): GoFunction | undefined {
    return undefined;
  }
  isTrue(): boolean {
    return true;
  }
  /** Equality as reflect.DeepEqual sees it. */
  equals(other: GoObject): boolean {
    return this === other;
  }
  /** Equality of structs as Go's == sees it: pointers in them are compared as they are. */
  isIdentical(other: GoObject): boolean {
    return this.equals(other);
  }
}

export type IntegerKind =
  | "int"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64";

/** A map-like object whose entries can be ranged over. */
export interface Rangeable {
  entries(): [key: Value, value: Value][];
}

/** An integer of another type than int; of kind int are only named types such as time.Month. `goType` is set for named types such as time.Duration. */
export class Integer extends GoObject {
  readonly kind: IntegerKind;
  readonly goType: string;
  readonly value: bigint;

  constructor(kind: IntegerKind, value: bigint, goType: string = kind) {
    super();
    this.kind = kind;
    this.value = value;
    this.goType = goType;
  }
  print(): string {
    return this.value.toString();
  }
  plain(): Value {
    return this.value;
  }
  /** Another number of the same type. */
  withValue(value: bigint): Integer {
    return new Integer(this.kind, value, this.goType);
  }
  override isTrue(): boolean {
    return this.value !== 0n;
  }
  override equals(other: GoObject): boolean {
    return other instanceof Integer && other.goType === this.goType && other.value === this.value;
  }
}

/** An int64; what arithmetic of Sprig returns. */
export function int64(value: bigint): Integer {
  return new Integer("int64", BigInt.asIntN(64, value));
}

/** A complex128, which only literals and printf ever meet. */
export class Complex extends GoObject {
  readonly goType: string = "complex128";
  readonly kind: Kind = "complex128";
  readonly real: number;
  readonly imaginary: number;
  constructor(real: number, imaginary: number) {
    super();
    this.real = real;
    this.imaginary = imaginary;
  }
  print(): string {
    return `(${this.real}${this.imaginary < 0 ? "" : "+"}${this.imaginary}i)`;
  }
  plain(): Value {
    return null;
  }
}

/** A []byte. */
export class Bytes extends GoObject {
  readonly goType: string = "[]uint8";
  readonly kind: Kind = "slice";
  readonly bytes: Uint8Array;
  readonly #toPlain: (bytes: Uint8Array) => string;
  constructor(bytes: Uint8Array, toPlain: (bytes: Uint8Array) => string) {
    super();
    this.bytes = bytes;
    this.#toPlain = toPlain;
  }
  print(): string {
    return `[${[...this.bytes].join(" ")}]`;
  }
  plain(): Value {
    return this.#toPlain(this.bytes);
  }
  override isTrue(): boolean {
    return this.bytes.length > 0;
  }
}

const typeMark: unique symbol = Symbol("Go type");

/** Marks a list or map as one of another Go type than []interface {} or map[string]interface {}. */
export function typed<T extends Value[] | GoMap>(value: T, goType: string): T {
  Object.defineProperty(value, typeMark, { value: goType, enumerable: false, configurable: true });
  return value;
}

const nilContainers = new WeakSet<Value[] | GoMap>();

/** Go's nil slice or nil map: empty as any other, but JSON shows it as null. */
export function nilContainer<T extends Value[] | GoMap>(empty: T): T {
  nilContainers.add(empty);
  return empty;
}

export function isNilContainer(value: Value[] | GoMap): boolean {
  return nilContainers.has(value);
}

const namedMark: unique symbol = Symbol("Go named map");

/** What stands behind a view of a map as a named type. */
export type NamedMap = { map: GoMap; goType: string; method: (name: string) => GoFunction | undefined };

/** A view of a map as a named map type with methods; reads and writes go to the map itself. */
export function namedMap(map: GoMap, goType: string, method: (name: string) => GoFunction | undefined): GoMap {
  const named: NamedMap = { map, goType, method };
  return new Proxy(map, {
    get: (target, key) => (key === typeMark ? goType : key === namedMark ? named : Reflect.get(target, key)),
  });
}

/** The map behind a view, which is quicker to ask than the view; undefined for plain maps. */
export function namedOf(map: GoMap): NamedMap | undefined {
  return (map as { [namedMark]?: NamedMap })[namedMark];
}

/** A list of a named type of Go's, with its methods. */
export function namedList(items: Value[], goType: string, method: (name: string) => GoFunction | undefined): Value[] {
  return Object.defineProperty(typed(items, goType), namedMark, { value: method });
}

/** The method of a list, if its type has one of that name. */
export function listMethod(list: Value[], name: string): GoFunction | undefined {
  return (list as { [namedMark]?: (name: string) => GoFunction | undefined })[namedMark]?.(name);
}

/** A []string. */
export function strings(items: string[]): Value[] {
  return typed(items as Value[], "[]string");
}

export function isMap(value: Value): value is GoMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof GoObject);
}

export function isList(value: Value): value is Value[] {
  return Array.isArray(value);
}

/** The type as %T prints it. */
export function goTypeOf(value: Value): string {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "float64";
  if (typeof value === "bigint") return "int";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "undefined") return "<nil>";
  return goTypeOfObject(value);
}

function goTypeOfObject(value: Exclude<Value, undefined | string | number | bigint | boolean>): string {
  if (value === null) return "<nil>";
  if (value instanceof GoObject) return value.goType;
  const marked = (value as { [typeMark]?: string })[typeMark];
  if (marked !== undefined) return marked;
  return Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
}

/** True for lists and maps whose elements are interfaces in Go. */
export function holdsAnything(value: Value): boolean {
  if (Array.isArray(value)) return goTypeOf(value) === "[]interface {}";
  return isMap(value) && goTypeOf(namedOf(value)?.map ?? value) === "map[string]interface {}";
}

/** The kind as reflect names it; "invalid" for nil. */
export function kindOf(value: Value): Kind {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "float64";
  if (typeof value === "bigint") return "int";
  if (typeof value === "boolean") return "bool";
  if (value === null || value === undefined) return "invalid";
  if (value instanceof GoObject) return value.kind;
  return Array.isArray(value) ? "slice" : "map";
}

/** Truth as `if` sees it: the zero value and empty collections are false. */
export function isTrue(value: Value): boolean {
  if (typeof value === "string") return value !== "";
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (typeof value === "boolean") return value;
  if (value === null || value === undefined) return false;
  if (value instanceof GoObject) return value.isTrue();
  return Array.isArray(value) ? value.length > 0 : !isEmptyMap(value);
}

function isEmptyMap(map: GoMap): boolean {
  for (const key in map) if (Object.hasOwn(map, key)) return false;
  return true;
}

/** An entry of a map; undefined when the key is absent, null when its value is nil. */
export function mapGet(map: GoMap, key: string): Value {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : undefined;
}

export function mapSet(map: GoMap, key: string, value: Value): void {
  if (key === "__proto__")
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  else map[key] = value;
}
