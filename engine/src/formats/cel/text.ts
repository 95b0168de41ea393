// Functions on strings beyond the language's own: cel-go's string extension, Kubernetes' regular expressions, formatting.

import { RE2JS } from "re2js";
import { formatGoTime } from "#kernel";
import { patternsCachedMax } from "./limits.ts";

const compiled = new Map<string, RE2JS>();

/** A pattern in Go's syntax, linear in time; throws what is wrong with it. */
export function compileRegex(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const expression = RE2JS.compile(pattern);
  if (compiled.size >= patternsCachedMax) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

export function matchesRegex(text: string, pattern: string): boolean {
  return compileRegex(pattern).matcher(text).find();
}

/** All matches, or the first `limit` of them where it is not negative. */
export function findAll(text: string, pattern: string, limit: number): string[] {
  const matcher = compileRegex(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return found;
}

/** The character at an index; "" at the very end, undefined outside. */
export function charAt(text: string, index: bigint): string | undefined {
  const characters = Array.from(text);
  if (index < 0n || index > BigInt(characters.length)) return undefined;
  return characters[Number(index)] ?? "";
}

/** Replaces the first `limit` occurrences, all where it is negative. */
export function replaceText(text: string, change: { from: string; to: string; limit: number }): string {
  const { from, to, limit } = change;
  if (limit < 0) return text.split(from).join(to);
  const parts = text.split(from);
  const head = parts.slice(0, limit + 1).join(to);
  return parts.length > limit + 1 ? [head, ...parts.slice(limit + 1)].join(from) : head;
}

/** `%s %d %f %e %x %X %o %b %%` over a list, as cel-go's format. */
export function formatText(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%(?:\.(\d+))?([a-zA-Z%])/g, (_all, precision: string | undefined, verb: string) => {
    if (verb === "%") return "%";
    if (next >= values.length) throw new Error(`index ${next} out of range`);
    const value = values[next++];
    return formatVerb(verb, value, precision === undefined ? 6 : Number(precision));
  });
}

function formatVerb(verb: string, value: unknown, precision: number): string {
  switch (verb) {
    case "s":
      return showValue(value);
    case "d":
      return typeof value === "bigint" ? value.toString() : showValue(value);
    case "f":
      return Number(value).toFixed(Math.min(precision, 100));
    case "e":
      return Number(value)
        .toExponential(Math.min(precision, 100))
        .replace(/e([+-])(\d)$/, "e$10$2");
    case "b":
      return typeof value === "boolean" ? (value ? "1" : "0") : BigInt(value as bigint).toString(2);
    case "o":
      return BigInt(value as bigint).toString(8);
    case "x":
      return hexText(value);
    case "X":
      return hexText(value).toUpperCase();
    default:
      throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function hexText(value: unknown): string {
  if (typeof value === "bigint") return value.toString(16);
  return Array.from(String(value as string), (sign) => sign.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** A value as %s shows it. */
export function showValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(showValue).join(", ")}]`;
  if (value instanceof Date) return formatGoTime(value.getTime());
  if (typeof value === "object") {
    const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, member]) => `${key}: ${showValue(member)}`).join(", ")}}`;
  }
  return String(value as string);
}
