// Patterns over paths: Go's filepath.Match, and the globs of .Files.Glob.

import { GoError } from "#formats/gotemplate";

function escape(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** filepath.Match as a regular expression; throws a GoError for a bad pattern. */
export function compilePathPattern(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const [set, end] = readSet(pattern, i);
      source += set;
      i = end;
    } else if (character === "\\") {
      if (++i >= pattern.length) throw new GoError("syntax error in pattern");
      source += escape(pattern[i] as string);
    } else source += escape(character);
  }
  return new RegExp(`^${source}$`, "su");
}

/** The characters of a set, and where it ends: single ones and ranges, of which a reversed one matches nothing. */
function readSet(pattern: string, start: number): [source: string, end: number] {
  const isNegated = pattern[start + 1] === "^";
  let at = start + (isNegated ? 2 : 1);
  const first = at;
  const take = (): string => {
    if (pattern[at] === "-" || pattern[at] === "]") throw new GoError("syntax error in pattern");
    if (pattern[at] === "\\") at++;
    const point = pattern.codePointAt(at);
    if (point === undefined) throw new GoError("syntax error in pattern");
    const character = String.fromCodePoint(point);
    at += character.length;
    if (at >= pattern.length) throw new GoError("syntax error in pattern");
    return character;
  };
  let source = "";
  while (pattern[at] !== "]" || at === first) {
    const low = take();
    if (pattern[at] !== "-") source += escapeInSet(low);
    else {
      at++;
      source += rangeSource(low, take());
    }
  }
  return [setSource(source, isNegated), at];
}

function rangeSource(low: string, high: string): string {
  return isReversed(low, high) ? "" : `${escapeInSet(low)}-${escapeInSet(high)}`;
}

function isReversed(low: string, high: string): boolean {
  return (low.codePointAt(0) ?? 0) > (high.codePointAt(0) ?? 0);
}

/** An empty set matches nothing, and negated everything, also line breaks. */
function setSource(source: string, isNegated: boolean): string {
  return `[${isNegated ? "^" : ""}${source}]`;
}

function escapeInSet(character: string): string {
  return character.replace(/[\\^[\]-]/, "\\$&");
}

export function matchesPath(pattern: string, path: string): boolean {
  return compilePathPattern(pattern).test(path);
}

/** A glob as gobwas/glob reads it with "/" as separator: ** crosses folders, {a,b} are alternatives. undefined when bad. */
export function compileGlob(pattern: string): RegExp | undefined {
  // The library cannot read what is no character, and takes U+FFFD for such.
  if (/\ufffd/.test(pattern) || /[\ud800-\udfff]/u.test(pattern)) return undefined;
  let source = "";
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string;
    if (character === "*") {
      const isSuper = pattern[i + 1] === "*";
      if (isSuper) while (pattern[i + 1] === "*") i++;
      source += isSuper ? "[\\s\\S]*" : "[^/]*";
    } else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const set = readGlobSet(pattern, i + 1);
      if (set === undefined) return undefined;
      source += set.source;
      i = set.end;
    } else if (character === "{") {
      depth++;
      source += "(?:";
    } else if (character === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (character === "," && depth > 0) source += "|";
    else if (character === "\\") source += escape(pattern[++i] ?? "");
    else source += escape(character);
  }
  // Alternatives that are not closed end with the pattern.
  return new RegExp(`^${source}${")".repeat(depth)}$`, "u");
}

/** The set that begins here, behind its bracket: one range, or characters; `end` is where its other bracket stands. */
function readGlobSet(pattern: string, start: number): { source: string; end: number } | undefined {
  const isNegated = pattern[start] === "!";
  const [low = "", between, high = "", close] = pattern.slice(isNegated ? start + 1 : start);
  if (between === "-") {
    if (close !== "]" || isReversed(low, high)) return undefined;
    const end = start + (isNegated ? 1 : 0) + low.length + 1 + high.length;
    return { source: setSource(rangeSource(low, high), isNegated), end };
  }
  let source = "";
  let at = isNegated ? start + 1 : start;
  for (; pattern[at] !== "]"; at++) {
    if (pattern[at] === "\\") at++;
    if (at >= pattern.length) return undefined;
    source += escapeInSet(pattern[at] as string);
  }
  return source === "" ? undefined : { source: setSource(source, isNegated), end: at };
}
