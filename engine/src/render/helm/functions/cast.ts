// Conversions between types as the functions of Sprig make them: lenient, zero when nothing fits.

import { fitsInt64, parseFloatText, parseIntText } from "#formats/go-numbers";
import {
  type Bytes as GoBytes,
  Bytes,
  GoError,
  Integer,
  isList,
  kindOf,
  printValue,
  stringOf,
  strings,
  type Value,
} from "#formats/gotemplate";

/** cast.ToInt64: truncates floats, reads text with Go's prefixes, gives 0 for what is no number. */
export function toInt64(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return truncate(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "string") return textToInt64(value);
  return isNumber(value) ? BigInt.asIntN(64, value.value) : 0n;
}

/** Integers that cast knows: of named types it knows the months and weekdays alone, a duration counts for nothing. */
function isNumber(value: Value): value is Integer {
  return value instanceof Integer && /^(?:u?int\d*|time\.(?:Month|Weekday))$/.test(value.goType);
}

/** Go's conversion of a float to int64 on amd64: what does not fit becomes the least integer. */
function truncate(value: number): bigint {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) return -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

function textToInt64(text: string): bigint {
  const value = parseIntText(trimZeroDecimal(text), 0);
  return value === undefined || !fitsInt64(value) ? 0n : value;
}

/** "12.00" is read as 12; "12.50" is left, and so is no integer. */
function trimZeroDecimal(text: string): string {
  return /^[^.]*\.0+$/.test(text) ? text.slice(0, text.indexOf(".")) : text;
}

export function toFloat64(value: Value): number {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") {
    const parsed = parseFloatText(value);
    return parsed === undefined || (!Number.isFinite(parsed) && /\d/.test(value)) ? 0 : parsed;
  }
  return isNumber(value) ? Number(value.value) : 0;
}

/** Text of any value: strings as they are, everything else as %v. */
export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Bytes) return stringOf((value as GoBytes).bytes);
  return printValue(value);
}

/** A list of texts without nils; a single value becomes a list of one. */
export function toTexts(value: Value): string[] {
  if (isList(value)) return value.filter((item) => item !== null && item !== undefined).map(toText);
  if (value === null || value === undefined) return [];
  if (value instanceof Bytes) return [...value.bytes].map(String);
  return [toText(value)];
}

export function toStrings(value: Value): Value {
  return strings(toTexts(value));
}

/** The items of a list, or the error that Sprig's function gives for another kind. */
export function itemsOf(value: Value, complaint: string): Value[] {
  if (isList(value)) return value;
  if (value instanceof Bytes) return [...value.bytes].map((byte) => new Integer("uint8", BigInt(byte)));
  if (value === null || value === undefined)
    throw new GoError("runtime error: invalid memory address or nil pointer dereference");
  throw new GoError(`${complaint} ${kindOf(value)}`);
}

/** Emptiness as `default` and `empty` see it. */
export function isEmpty(value: Value): boolean {
  if (typeof value === "string") return value === "";
  if (typeof value === "number") return value === 0;
  if (typeof value === "bigint") return value === 0n;
  if (typeof value === "boolean") return !value;
  if (value === null || value === undefined) return true;
  if (isList(value)) return value.length === 0;
  return "isTrue" in value && typeof value.isTrue === "function"
    ? !(value as Integer).isTrue()
    : Object.keys(value).length === 0;
}
