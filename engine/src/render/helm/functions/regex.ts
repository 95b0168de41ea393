// Sprig's regular expressions, in Go's syntax and linear time.

import { RE2JS } from "re2js";
import {
  define,
  type FunctionTable,
  GoError,
  nilContainer,
  quote,
  strings,
  TemplateLimitError,
  type Value,
} from "#formats/gotemplate";
import { patternLengthMax } from "../limits.ts";
import { fitsText, nativePattern, type NativePattern } from "./regex-native.ts";

/** Both forms of one expression; that of Go's whole syntax is made when it is needed. */
type Regex = { native: NativePattern | undefined; whole: RE2JS | undefined };

/** Compiled expressions; charts use the same few again and again. */
const compiled = new Map<string, Regex>();

/** Compiled expressions that are kept. */
const compiledMax = 512;

function compileRegex(pattern: string): Regex {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > patternLengthMax)
    throw new TemplateLimitError(`a regular expression of more than ${patternLengthMax} characters`);
  const native = nativePattern(pattern);
  const regex = { native, whole: native === undefined ? compileWhole(pattern) : undefined };
  if (compiled.size >= compiledMax) compiled.clear();
  compiled.set(pattern, regex);
  return regex;
}

function compileWhole(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new GoError(describe(pattern, error));
  }
}

/** A pattern that was found to be good. */
export type Pattern = { text: string; test(text: string): boolean };

/** A pattern of Go's syntax, to be asked again and again. Throws a GoError for what is none. */
export function compilePattern(pattern: string): Pattern {
  compileRegex(pattern);
  return { text: pattern, test: (text) => matches(pattern, text) };
}

/** Searches `text` from a place on. */
type Search = (from: number) => Match | undefined;

function searchOf(pattern: string, text: string): Search {
  const regex = compileRegex(pattern);
  if (regex.native !== undefined && fitsText(regex.native, text)) return nativeSearch(regex.native.pattern, text);
  const matcher = (regex.whole ??= compileWhole(pattern)).matcher(text);
  return (from) => {
    if (!matcher.find(from)) return undefined;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i));
    return { start: matcher.start(), end: matcher.end(), groups, names: matcher.getNamedGroups() };
  };
}

function nativeSearch(pattern: RegExp, text: string): Search {
  return (from) => {
    pattern.lastIndex = from;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const groups = Array.from(found, (group: string | undefined) => group ?? null);
    return { start: found.index, end: found.index + found[0].length, groups, names: {} };
  };
}

function describe(pattern: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reason = text.replace(/^error parsing regexp: /, "");
  return `error parsing regexp: ${reason === "" ? quote(pattern) : reason}`;
}

type Match = { start: number; end: number; groups: (string | null)[]; names: { [name: string]: string | null } };

/** Successive matches as Go finds them: an empty match right after another match does not count. */
function allMatches(pattern: string, text: string, limit: number): Match[] {
  const search = searchOf(pattern, text);
  const matches: Match[] = [];
  let previousEnd = -1;
  for (let at = 0; at <= text.length && (limit < 0 || matches.length < limit); ) {
    const match = search(at);
    if (match === undefined) break;
    const { start, end } = match;
    if (end > start || start !== previousEnd) matches.push(match);
    previousEnd = end;
    at = end > start ? end : end + (/[\ud800-\udbff]/.test(text[end] ?? "") ? 2 : 1);
  }
  return matches;
}

function find(pattern: string, text: string): string {
  return allMatches(pattern, text, 1)[0]?.groups[0] ?? "";
}

function findAll(pattern: string, text: string, limit: bigint): Value {
  const found = allMatches(pattern, text, Number(limit)).map((match) => match.groups[0] ?? "");
  return found.length === 0 ? nilContainer(strings([])) : strings(found);
}

function replace(pattern: string, text: string, replacement: (match: Match) => string): string {
  let out = "";
  let at = 0;
  for (const match of allMatches(pattern, text, -1)) {
    out += text.slice(at, match.start) + replacement(match);
    at = match.end;
  }
  return out + text.slice(at);
}

/** Go's Expand: $name takes the longest word, ${name} is exact, $$ is a dollar sign. */
function expand(template: string, match: Match): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (all, word?: string, braced?: string) => {
    if (all === "$$") return "$";
    const name = word ?? braced ?? "";
    return (/^\d+$/.test(name) ? match.groups[Number(name)] : match.names[name]) ?? "";
  });
}

function split(pattern: string, text: string, limit: bigint): Value {
  const count = Number(limit);
  compileRegex(pattern);
  if (count === 0) return nilContainer(strings([]));
  if (pattern !== "" && text === "") return strings([""]);
  const parts: string[] = [];
  let start = 0;
  let end = 0;
  for (const match of allMatches(pattern, text, count)) {
    if (count > 0 && parts.length === count - 1) break;
    end = match.start;
    if (match.end !== 0) parts.push(text.slice(start, end));
    start = match.end;
  }
  if (end !== text.length) parts.push(text.slice(start));
  return strings(parts);
}

function matches(pattern: string, text: string): boolean {
  return searchOf(pattern, text)(0) !== undefined;
}

function gentleMatch(pattern: string, text: string): Value {
  try {
    return matches(pattern, text);
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
}

/** The must form returns the error that the plain form panics with. */
function panics(run: (...args: never[]) => Value): (...args: never[]) => Value {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      if (!(error instanceof GoError)) throw error;
      throw new GoError(`regexp: Compile(${quoteRegex(String(args[0]))}): ${error.message}`);
    }
  };
}

function quoteRegex(pattern: string): string {
  return pattern.includes("`") ? quote(pattern) : `\`${pattern}\``;
}

const replaceAll = (pattern: string, text: string, template: string): Value =>
  replace(pattern, text, (match) => expand(template, match));
const replaceLiteral = (pattern: string, text: string, replacement: string): Value =>
  replace(pattern, text, () => replacement);

export const regexFunctions: FunctionTable = {
  regexMatch: define("string, string", gentleMatch),
  mustRegexMatch: define("string, string", matches),
  regexFind: define("string, string", panics(find)),
  mustRegexFind: define("string, string", find),
  regexFindAll: define("string, string, int", panics(findAll)),
  mustRegexFindAll: define("string, string, int", findAll),
  regexReplaceAll: define("string, string, string", panics(replaceAll)),
  mustRegexReplaceAll: define("string, string, string", replaceAll),
  regexReplaceAllLiteral: define("string, string, string", panics(replaceLiteral)),
  mustRegexReplaceAllLiteral: define("string, string, string", replaceLiteral),
  regexSplit: define("string, string, int", panics(split)),
  mustRegexSplit: define("string, string, int", split),
  regexQuoteMeta: define("string", (text: string) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")),
};
