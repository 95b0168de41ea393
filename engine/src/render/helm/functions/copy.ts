// A deep copy that keeps the marks of typed lists and maps.

import {
  type GoMap,
  GoObject,
  goTypeOf,
  isList,
  isMap,
  isNilContainer,
  mapSet,
  typed,
  type Value,
} from "#formats/gotemplate";

export function deepCopy(value: Value): Value {
  if ((isList(value) || isMap(value)) && isNilContainer(value)) return value;
  if (isList(value)) return keepType(value, value.map(deepCopy));
  if (!isMap(value)) return value instanceof GoObject ? value.copied() : value;
  const copy: GoMap = {};
  for (const key of Object.keys(value)) mapSet(copy, key, deepCopy(value[key]));
  return keepType(value, copy);
}

function keepType<T extends Value[] | GoMap>(original: T, copy: T): T {
  const type = goTypeOf(original);
  return type === "[]interface {}" || type === "map[string]interface {}" ? copy : typed(copy, type);
}
