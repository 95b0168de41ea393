// Lists and sets in CEL: Kubernetes' isSorted, sum, min, max, indexOf, lastIndexOf, and cel-go's sets extension.

import { type Environment, Optional } from "@marcbachmann/cel-js";
import { rangeMax } from "./limits.ts";

type Comparable = bigint | number | string | boolean | Date;

function compare(a: Comparable, b: Comparable): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === "bigint" && typeof b === "number") return Number(a) === b;
  if (typeof a === "number" && typeof b === "bigint") return isEqual(b, a);
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null || Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isEqual(value, right.get(key)));
}

function best(list: readonly Comparable[], name: string, sign: number): Comparable {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((found, item) => (compare(item, found) * sign > 0 ? item : found));
}

function sum(list: readonly (bigint | number)[]): bigint | number {
  const [first] = list;
  if (typeof first === "number") return list.reduce<number>((total, item) => total + Number(item), 0);
  return list.reduce<bigint>((total, item) => total + BigInt(item), 0n);
}

function distinct(list: readonly unknown[]): unknown[] {
  return list.filter((item, index) => list.findIndex((other) => isEqual(item, other)) === index);
}

function sorted(list: readonly Comparable[]): Comparable[] {
  return [...list].sort(compare);
}

function flattened(list: readonly unknown[], depth: bigint): unknown[] {
  if (depth < 0n) throw new Error("level must be non-negative");
  return list.flat(Number(depth));
}

function slice(list: readonly unknown[], start: bigint, end: bigint): unknown[] {
  if (start < 0n || end < 0n) throw new Error(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    throw new Error(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > BigInt(list.length)) throw new Error(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

class ListsNamespace {}

function range(length: bigint): bigint[] {
  if (length > rangeMax) throw new Error("operation cancelled: actual cost limit exceeded");
  return Array.from({ length: Number(length) }, (_, index) => BigInt(index));
}

export function registerLists(env: Environment): void {
  env
    .registerType("ListsNamespace", ListsNamespace)
    .registerConstant("lists", "ListsNamespace", new ListsNamespace())
    .registerFunction("ListsNamespace.range(int): list<int>", (_: ListsNamespace, length: bigint) => range(length))
    .registerFunction("list.sort(): list<dyn>", sorted)
    .registerFunction("list.distinct(): list<dyn>", distinct)
    .registerFunction("list.reverse(): list<dyn>", (list: unknown[]) => [...list].reverse())
    .registerFunction("list.flatten(): list<dyn>", (list: unknown[]) => flattened(list, 1n))
    .registerFunction("list.flatten(int): list<dyn>", flattened)
    .registerFunction("list.slice(int, int): list<dyn>", slice)
    .registerFunction("list.first(): optional<dyn>", (list: unknown[]) =>
      list.length === 0 ? Optional.none() : Optional.of(list[0]),
    )
    .registerFunction("list.last(): optional<dyn>", (list: unknown[]) =>
      list.length === 0 ? Optional.none() : Optional.of(list.at(-1)),
    )
    .registerFunction("list.isSorted(): bool", (list: Comparable[]) =>
      list.every((item, index) => index === 0 || compare(list[index - 1] as Comparable, item) <= 0),
    )
    .registerFunction("list.sum(): dyn", sum)
    .registerFunction("list.min(): dyn", (list: Comparable[]) => best(list, "min", -1))
    .registerFunction("list.max(): dyn", (list: Comparable[]) => best(list, "max", 1))
    .registerFunction("list.indexOf(dyn): int", (list: unknown[], wanted: unknown) =>
      BigInt(list.findIndex((item) => isEqual(item, wanted))),
    )
    .registerFunction("list.lastIndexOf(dyn): int", (list: unknown[], wanted: unknown) =>
      BigInt(list.findLastIndex((item) => isEqual(item, wanted))),
    );
}

class SetsNamespace {}

export function registerSets(env: Environment): void {
  const holds = (list: readonly unknown[], wanted: readonly unknown[]): boolean =>
    wanted.every((one) => list.some((item) => isEqual(item, one)));
  env
    .registerType("SetsNamespace", SetsNamespace)
    .registerConstant("sets", "SetsNamespace", new SetsNamespace())
    .registerFunction("SetsNamespace.contains(list, list): bool", (_: SetsNamespace, a: unknown[], b: unknown[]) =>
      holds(a, b),
    )
    .registerFunction(
      "SetsNamespace.equivalent(list, list): bool",
      (_: SetsNamespace, a: unknown[], b: unknown[]) => holds(a, b) && holds(b, a),
    )
    .registerFunction("SetsNamespace.intersects(list, list): bool", (_: SetsNamespace, a: unknown[], b: unknown[]) =>
      b.some((one) => a.some((item) => isEqual(item, one))),
    );
}
