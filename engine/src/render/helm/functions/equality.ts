// reflect.DeepEqual over template values: types count, so 1 and 1.0 differ.

import { GoObject, goTypeOf, isList, isMap, isNilContainer, type Value } from "#formats/gotemplate";

export function deepEqual(a: Value, b: Value): boolean {
  const left = a ?? null;
  const right = b ?? null;
  if (typeof left === "number" && typeof right === "number") return left === right;
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (left instanceof GoObject) return right instanceof GoObject && left.equals(right);
  if (right instanceof GoObject || goTypeOf(left) !== goTypeOf(right)) return false;
  // What was never made differs from what is empty.
  if (isNilContainer(left) !== isNilContainer(right)) return false;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((item, i) => deepEqual(item, right[i]));
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && deepEqual(left[key], right[key]));
}
