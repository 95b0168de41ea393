// What substitution's functions do with a value (fluxcd/pkg/envsubst, funcs.go): bash's names, but not always bash's
// results. Lengths and offsets count bytes of UTF-8, as there.

import { matchesGlob, readsAsGlob } from "./glob.ts";

/** A value, the operator as written, and the parameters after it. */
export type Apply = (value: string, operator: string, parameters: readonly string[]) => string;

/** The whole character at a place. */
export function cut(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** `${v:offset}` and `${v:offset:length}`; what is no whole number leaves the value as it is. */
export function substring(value: string, _operator: string, [offset = "", length]: readonly string[]): string {
  const bytes = Buffer.from(value);
  const start = integer(offset);
  if (start === undefined) return value;
  const from = start < 0 ? Math.max(0, bytes.length + start) : start;
  if (length === undefined) return bytes.subarray(from).toString();
  const count = integer(length);
  return count === undefined ? value : bytes.subarray(from, from + Math.max(0, count)).toString();
}

function integer(text: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `/` the first, `//` all, `/#` at the start, `/%` at the end. The last two need a replacement to do anything. */
export function replace(value: string, operator: string, [old = "", by]: readonly string[]): string {
  const replacement = by ?? "";
  switch (operator) {
    case "//":
      return value.split(old).join(replacement);
    case "/#":
      return by !== undefined && value.startsWith(old) ? by + value.slice(old.length) : value;
    case "/%":
      return by !== undefined && value.endsWith(old) ? value.slice(0, value.length - old.length) + by : value;
    default: {
      const at = value.indexOf(old);
      return at < 0 ? value : value.slice(0, at) + replacement + value.slice(at + old.length);
    }
  }
}

/**
 * `#` and `##` cut the shortest and longest match at the start, `%` and `%%` at the end. A match is at least one
 * character. The end is matched back to front with the pattern reversed too, so that classes do not work there.
 */
export function trim(value: string, operator: string, [pattern = ""]: readonly string[]): string {
  if (operator.startsWith("%")) {
    const reversed = (text: string): string => Array.from(text).reverse().join("");
    return reversed(trimStart(reversed(value), reversed(pattern), operator === "%%"));
  }
  return trimStart(value, pattern, operator === "##");
}

function trimStart(value: string, pattern: string, isLongest: boolean): string {
  if (!readsAsGlob(pattern)) return value;
  const characters = Array.from(value);
  const sizes = characters.map((_, index) => index + 1);
  for (const size of isLongest ? sizes.reverse() : sizes) {
    if (matchesGlob(pattern, characters.slice(0, size).join(""))) return characters.slice(size).join("");
  }
  return value;
}

/** `^` and `,` change the first character, `^^` and `,,` all of them; letter by letter, so that lengths stay. */
export function changeCase(value: string, operator: string): string {
  const change = (text: string): string => {
    const changed = operator.startsWith("^") ? text.toUpperCase() : text.toLowerCase();
    return Array.from(changed).length === Array.from(text).length ? changed : text;
  };
  const [first = "", ...rest] = Array.from(value);
  return operator.length === 2 ? Array.from(value).map(change).join("") : change(first) + rest.join("");
}
